import { existsSync, realpathSync } from 'node:fs';
import { PinnersageError } from '../errors.js';
import { Rejects } from './rejects.js';
import { checkFile } from './source.js';
import type { BadRow } from './table.js';

/** What became of the rows of a file. */
export interface ImportReport {
  readonly accepted: number;
  /** Rows that were already stored exactly so. */
  readonly duplicates: number;
  /** Rows that could not be used, by reason. */
  readonly rejected: { readonly [reason: string]: number };
  /** The first rejected rows of every reason. */
  readonly examples: readonly BadRow[];
}

/** What an importer does with rows that cannot be used. */
export interface RejectFlags {
  /** NDJSON file that they are written to. */
  readonly rejects?: string;
  /** Whether the first is an error (`rows-rejected`). Default: false. */
  readonly strict?: boolean;
}

/** `input` is the file that rows come from: it is checked, and never written over. */
export function createRejects(input: string, { rejects, strict }: RejectFlags): Rejects {
  checkFile(input);
  if (rejects !== undefined && existsSync(rejects) && realpathSync(rejects) === realpathSync(input))
    throw new PinnersageError(
      'option-invalid',
      `--rejects: got ${rejects}, which is the file to import itself`,
    );
  return new Rejects({ strict: strict ?? false, ...(rejects === undefined ? {} : { path: rejects }) });
}
