import { Rejects } from './rejects.js';
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

export function createRejects({ rejects, strict }: RejectFlags): Rejects {
  return new Rejects({ strict: strict ?? false, ...(rejects === undefined ? {} : { path: rejects }) });
}
