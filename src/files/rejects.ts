import { closeSync, openSync, writeSync } from 'node:fs';
import { PinnersageError } from '../errors.js';
import type { BadRow } from './table.js';

export interface RejectOptions {
  /** Where every rejected row is written as a line of JSON (file, line, reason, detail). Replaced if it exists. */
  readonly path?: string;
  /** The first rejected row is an error (`rows-rejected`). Off by default. */
  readonly strict?: boolean;
}

const examplesPerReason = 3;
const bufferedCharacters = 1 << 16;

/** What an importer could not use: counted by reason, the first few of each kept, all of them written if asked for. */
export class Rejects {
  readonly #strict: boolean;
  readonly #counts = new Map<string, number>();
  readonly #examples: BadRow[] = [];
  #file: number | undefined;
  #text = '';

  constructor(options: RejectOptions) {
    this.#strict = options.strict ?? false;
    if (options.path !== undefined) this.#file = create(options.path);
  }

  /** Throws under `strict`. */
  readonly add = (bad: BadRow): void => {
    const count = (this.#counts.get(bad.reason) ?? 0) + 1;
    this.#counts.set(bad.reason, count);
    if (count <= examplesPerReason) this.#examples.push(bad);
    if (this.#file !== undefined) {
      const { file, line, reason, detail } = bad;
      this.#text += `${JSON.stringify({ file, line, reason, detail })}\n`;
      if (this.#text.length >= bufferedCharacters) this.#flush(this.#file);
    }
    if (!this.#strict) return;
    const message = `${bad.file}, line ${bad.line}: ${bad.reason} (${bad.detail})`;
    throw new PinnersageError('rows-rejected', message);
  };

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** By falling count, then by name. */
  get counts(): { readonly [reason: string]: number } {
    const byCount = [...this.#counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    return Object.fromEntries(byCount);
  }

  /** The first three rows of every reason, in the order they came. */
  get examples(): readonly BadRow[] {
    return this.#examples;
  }

  /** Writes what is left. May be called again. */
  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      this.#flush(file);
    } finally {
      closeSync(file);
    }
  }

  #flush(file: number): void {
    const bytes = Buffer.from(this.#text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    this.#text = '';
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PinnersageError('option-invalid', `the rejects file ${path} cannot be written: ${reason}`, {
      cause: error,
    });
  }
}
