import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** The only writer to stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Progress, notes and errors go to stderr, so that stdout stays what was asked for. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Ids, titles and paths may hold any characters; on the terminal control characters are written out. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) =>
    c < ' ' ? JSON.stringify(c).slice(1, -1) : `\\u00${c.charCodeAt(0).toString(16)}`,
  );
}

export type Cell = string | number;

/** A plain table, a line to a row; numbers are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const right = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const chars = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((name) => [name, '']),
  );
  const drawn = new Table({
    head: [...head],
    colAligns: right.map((isRight) => (isRight ? 'right' : 'left')),
    chars: { ...chars, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows)
    drawn.push(row.map((cell) => (typeof cell === 'number' ? format(cell) : oneLine(cell))));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Up to three decimals, thousands set apart. */
export function format(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** A bar on a terminal, a line every few seconds elsewhere; nothing at all for work that is over at once. */
export function progress(label: string, unit: string): Progress {
  const bars = new MultiBar(
    {
      format: `${label} {bar} {value}/{total} ${unit} | {rate}/s | {left} left`,
      stream: process.stderr,
      noTTYOutput: true,
      notTTYSchedule: 5000,
      clearOnComplete: true,
      hideCursor: true,
      stopOnComplete: false,
    },
    Presets.shades_classic,
  );
  let bar: SingleBar | null = null;
  const started = performance.now();
  return {
    update(done, total = done) {
      const seconds = Math.max(0.001, (performance.now() - started) / 1000);
      const rate = done / seconds;
      const left = total > done && rate > 0 ? `${Math.ceil((total - done) / rate)} s` : '-';
      const shown = { rate: format(Math.round(rate)), left };
      bar ??= bars.create(total, 0, shown);
      bar.setTotal(total);
      bar.update(done, shown);
    },
    stop() {
      bars.stop();
    },
  };
}
