/** For screen and paper; nothing is loaded from anywhere. */
export const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 860px; padding: 32px 24px 64px; background: #fff; color: #22252a;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 8px; border-bottom: 1px solid #dfe2e6; padding-bottom: 4px; }
h3 { font-size: 15px; margin: 24px 0 4px; } p { margin: 8px 0; } .lead { color: #565c66; margin-top: 0; }
ul.words { padding-left: 20px; } ul.words li { margin: 6px 0; }
figure { margin: 16px 0; } figcaption { color: #565c66; font-size: 13px; } svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: left; padding: 3px 8px 3px 0; border-bottom: 1px solid #eceef1; vertical-align: top; }
th { font-weight: 600; border-bottom-color: #b8bec7; } td.number, th.number { text-align: right; white-space: nowrap; }
.interval { color: #7a808a; font-size: 11px; white-space: nowrap; } td:first-child { white-space: nowrap; } td:last-child { white-space: normal; } tr.baseline { background: #f3f6fa; }
.verdict { display: inline-block; min-width: 62px; text-align: center; padding: 0 6px; border-radius: 3px; font-size: 12px; }
.holds { background: #dcf1e4; color: #12592f; } .fails { background: #fbe1dc; color: #8a2314; } .unclear { background: #eceef1; color: #454b54; }
.legend { font-size: 13px; color: #454b54; } .legend span { margin-right: 16px; white-space: nowrap; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 5px; }
.note { background: #fdf6e3; border-left: 3px solid #d9b23b; padding: 6px 12px; margin: 6px 0; font-size: 14px; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } figure, tr, li { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; } table { font-size: 8pt; } .interval { font-size: 7pt; } @page { margin: 16mm; } }
`;
