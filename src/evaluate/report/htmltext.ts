/** Text that is safe inside HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** Cells are HTML already. */
export function htmlTable(
  columns: readonly Column[],
  rows: readonly { readonly cells: readonly string[]; readonly className?: string }[],
): string {
  const kind = (column: Column): string => (column.isNumber ? ' class="number"' : '');
  const head = columns.map((column) => `<th${kind(column)}>${escapeHtml(column.title)}</th>`).join('');
  const body = rows
    .map(({ cells, className }) => {
      const own = cells.map((cell, i) => `<td${kind(columns[i])}>${cell}</td>`).join('');
      return `<tr${className ? ` class="${className}"` : ''}>${own}</tr>`;
    })
    .join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
