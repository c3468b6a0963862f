import type { Database } from 'lmdb';
import { decodeJson } from './codec.js';

/** One counter, in memory that threads share. */
export type MetaCommits = Int32Array;

export function metaCommits(): MetaCommits {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

export function countCommit(commits: MetaCommits): void {
  Atomics.add(commits, 0, 1);
}

/**
 * Requests read the same few values again and again: they are looked up once in a turn of the event loop, until `forget`,
 * and parsed when their bytes are others. Where the commits are counted that change some, they are kept over the turns, until
 * `refresh` finds that one came.
 */
export class MetaReader {
  private readonly meta: Pick<Database<Buffer, Buffer>, 'get'>;
  private readonly known = new Map<string, { readonly bytes: Buffer; readonly value: unknown }>();
  private readonly fresh = new Map<string, unknown>();
  /** Null where nobody counts for this reader. */
  private readonly commits: MetaCommits | null;
  private seen = 0;

  constructor(meta: Pick<Database<Buffer, Buffer>, 'get'>, commits: MetaCommits | null) {
    this.meta = meta;
    this.commits = commits;
  }

  read(name: string): unknown {
    const kept = this.fresh.get(name);
    if (kept !== undefined) return kept;
    const value = this.lookUp(name);
    if (this.fresh.size === 0 && !this.commits) setImmediate(() => this.forget());
    this.fresh.set(name, value);
    return value;
  }

  /** Call before the transaction is renewed: what is read then is at least as new as what was counted. */
  refresh(): void {
    const commits = this.commits && Atomics.load(this.commits, 0);
    if (commits !== null && commits === this.seen) return;
    this.seen = commits ?? 0;
    this.forget();
  }

  forget(): void {
    this.fresh.clear();
  }

  private lookUp(name: string): unknown {
    const bytes = this.meta.get(Buffer.from(name));
    if (!bytes) return null;
    const before = this.known.get(name);
    if (before?.bytes.equals(bytes)) return before.value;
    const value = decodeJson(bytes);
    this.known.set(name, { bytes, value });
    return value;
  }
}
