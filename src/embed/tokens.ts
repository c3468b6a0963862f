/**
 * Text to features, in no particular language: NFKC, lower case, runs of letters, marks and digits. Scripts written
 * without spaces give overlapping pairs of characters instead of words.
 */
const runs = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const scripts = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
const unspacedSet = scripts.map((script) => `\\p{Script=${script}}`).join('');
const unspaced = new RegExp(`[${unspacedSet}]`, 'u');
const pieces = new RegExp(`[${unspacedSet}][${unspacedSet}\\p{M}\\p{Lm}]*|[^${unspacedSet}]+`, 'gu');
const meaningful = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
const separators = /[,|;]/;
const apostrophes = /(?<=\p{L})['’](?=\p{L})/gu;

const normalize = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The words of a text, in order, with repetitions. */
export function wordsOf(text: string): string[] {
  const found: string[] = [];
  for (const run of normalize(text).replace(apostrophes, '').match(runs) ?? []) {
    if (unspaced.test(run)) addUnspaced(run, found);
    else found.push(run);
  }
  return found;
}

function addUnspaced(run: string, found: string[]): void {
  for (const piece of run.match(pieces) ?? []) {
    if (!unspaced.test(piece)) {
      found.push(piece);
      continue;
    }
    const characters = [...piece];
    if (characters.length === 1) found.push(piece);
    for (let i = 1; i < characters.length; i++) found.push(characters[i - 1] + characters[i]);
  }
}

/** The tags of a list, or of a string with commas, semicolons or bars, normalised; what carries no sign is left out. */
export function tagsOf(value: string | readonly string[]): string[] {
  const parts = typeof value === 'string' ? value.split(separators) : value;
  return parts
    .map((part) => normalize(part).trim().replace(/\s+/g, ' '))
    .filter((tag) => meaningful.test(tag));
}

/** Whether these values of one field read as lists of tags: separators are usual and the parts between them short. */
export function looksLikeTags(values: readonly string[]): boolean {
  let parts = 0;
  let words = 0;
  let separated = 0;
  for (const value of values) {
    if (separators.test(value)) separated++;
    for (const part of value.split(separators)) {
      parts++;
      words += part.trim().split(/\s+/).length;
    }
  }
  return separated >= 0.3 * values.length && words <= 3 * parts && values.length > 0;
}
