/** Pieces of a terminal page. Widths count characters; colours never count. */
export interface Style {
  readonly color: boolean;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export function paint(text: string, code: keyof typeof codes, { color }: Style): string {
  return color && text !== '' ? `\u001b[${codes[code]}m${text}\u001b[0m` : text;
}

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9]+m`, 'g');

const lengthOf = (text: string): number => [...text.replace(escapes, '')].length;

/** Exactly `width` characters: padded, or cut with an ellipsis (only text without colours is cut). */
export function toWidth(text: string, width: number): string {
  const length = lengthOf(text);
  if (length <= width) return text + ' '.repeat(width - length);
  return `${[...text].slice(0, width - 1).join('')}…`;
}

/** A bar of `width` characters of which `share` (0 … 1) is filled; something is filled where share > 0. */
export function bar(share: number, width: number): string {
  const filled = share > 0 ? Math.max(1, Math.round(Math.min(1, share) * width)) : 0;
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Two columns of lines beside each other with a rule between them. */
export function beside(left: readonly string[], right: readonly string[], width: number): string[] {
  const leftWidth = Math.floor((width - 3) / 2);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${toWidth(left[i] ?? '', leftWidth)} │ ${right[i] ?? ''}`.trimEnd(),
  );
}
