import type { Neighbors, RowSet, VectorSearch } from '../ann/search.js';
import { Lru } from '../math/lru.js';
import type { EmbeddingTable, TableStep } from '../model/item.js';

/** Rows that a request may return. Two requests with the same `text` on the same index admit the same rows. */
export interface Admitted {
  readonly text: string;
  readonly rows: RowSet;
}

export interface CacheStats {
  /** Answers kept. */
  readonly answers: number;
  readonly hits: number;
  readonly misses: number;
  /** hits / (hits + misses); 0 before the first question. */
  readonly hitRate: number;
}

/**
 * Neighbours, and the items of their rows, which lie all over the table: null once the list has been read, and looked up when it
 * is read again.
 */
export interface ListedNeighbors extends Neighbors {
  items: Uint32Array | null | undefined;
}

export function listed({ rows, scores }: Neighbors): ListedNeighbors {
  return { rows, scores, items: undefined };
}

/**
 * The items of a list that somebody begins to read; null at the first time, for most lists are read once, and not to their end.
 * The row of an item is never that of another.
 */
export function itemsOf(
  list: ListedNeighbors,
  { itemOfRow }: Pick<EmbeddingTable, 'itemOfRow'>,
): Uint32Array | null {
  if (list.items === undefined) list.items = null;
  else list.items ??= list.rows.map((row) => itemOfRow[row]);
  return list.items;
}

/** Neighbours kept over all answers, 12 bytes each. */
const maxNeighbors = 4_000_000;

/** Changed rows that are remembered; an answer that was not asked for during more of them is asked for anew. */
const mostChanged = 4_096;
/** Kernel and check add up in another order, and scores are kept in float32: of the score, where that is beyond ±1. */
const tolerance = 1e-4;

interface Answer {
  readonly found: ListedNeighbors;
  /** Of the table, for which it is known to hold. */
  version: number;
}

/**
 * What: the neighbours of a row of the table, asked of the index once and then remembered for all users.
 * Source: algorithm.md §4 (paper: medoids are items, so what is near one is the same for everybody).
 * Convention: an answer is remembered for exactly the k it was asked with; callers keep to few different k (`portion`),
 * so that a remembered answer equals a new one whatever was asked before, also of an approximate index. `keepUp` tells of
 * changed items; an answer is forgotten, when it is next asked for, where it names a row that may not come back any
 * more, or where a row that may is about as near as its last.
 * Time and memory: O(1) for what is remembered, and O(k + dim) once for each row that has changed since; 48 MB of
 * neighbours, the least recently used go first.
 * Checked by: test/retrieve/cache.test.ts.
 */
export class NeighborCache {
  private readonly answers = new Lru<Answer>(maxNeighbors);
  /** The table that answers are for, by its step, and what searches it; null before the first `keepUp`. */
  private now: { readonly table: EmbeddingTable; readonly step: TableStep; readonly index: string } | null =
    null;
  private changes: TableStep[] = [];
  private changed = 0;
  /** What was remembered at this version is still known to hold where the changes since leave it alone. */
  private since = 0;
  private hits = 0;
  private misses = 0;

  /** Answers are for this table from here on. `index` names what searches it: another one has other answers. */
  keepUp(table: EmbeddingTable & { readonly step: TableStep }, index: string): void {
    const { step } = table;
    const { now } = this;
    const isSameIndex = now?.index === index && now.step.rowsOf === step.rowsOf;
    if (isSameIndex && now.step.version === step.version) return;
    this.now = { table, step, index };
    if (isSameIndex && step.before === now.step.version) this.follow(step);
    else this.forget(step.version);
  }

  private forget(version: number): void {
    this.answers.clear();
    this.changes = [];
    this.changed = 0;
    this.since = version;
  }

  private follow(step: TableStep): void {
    this.changes.push(step);
    this.changed += step.rows.length;
    while (this.changed > mostChanged) {
      const [oldest] = this.changes.splice(0, 1);
      this.changed -= oldest.rows.length;
      this.since = oldest.version;
    }
  }

  /** Of the table that answers are for. */
  get version(): number {
    return this.now?.step.version ?? 0;
  }

  neighbors(
    search: VectorSearch,
    row: number,
    vector: Float32Array,
    k: number,
    admit: Admitted | null,
  ): ListedNeighbors {
    const kept = this.find(row, k, admit);
    if (kept) return kept;
    const found = listed(search.search(vector, k, admit?.rows));
    this.learn(row, k, admit?.text ?? '', { found });
    return found;
  }

  /** What is remembered, where it still holds. */
  find(row: number, k: number, admit: Admitted | null): ListedNeighbors | null {
    const kept = this.answers.get(keyOf(row, k, admit?.text ?? ''));
    if (!kept || !this.holds(kept, row, k, admit)) return null;
    this.hits++;
    return kept.found;
  }

  /**
   * Takes over an answer, which may have been found elsewhere for the same index. `admit`: the text of the rows, '' for
   * all; `version`: of the table that it is for at least, by default that of now; `isCounted`: whether another memory has
   * counted the question. What is remembered for the same version is the same answer and stays: more may hang on it.
   */
  learn(
    row: number,
    k: number,
    admit: string,
    { found, version = this.version, isCounted = false }: Finding,
  ): void {
    if (!isCounted) this.misses++;
    const key = keyOf(row, k, admit);
    if (this.answers.get(key)?.version === version) return;
    this.answers.set(key, { found, version }, found.rows.length + 1);
  }

  private holds(answer: Answer, row: number, k: number, admit: Admitted | null): boolean {
    if (!this.now || answer.version === this.version) return true;
    if (answer.version < this.since) return false;
    const { table } = this.now;
    const bits = admit?.rows.bits;
    const mayReturn = (other: number): boolean =>
      table.live[other] === 1 && (bits === undefined || bits[other] === 1);
    for (const { version, rows } of this.changes)
      if (
        version > answer.version &&
        rows.some((other) => disturbs(table, answer.found, row, k, other, mayReturn))
      )
        return false;
    answer.version = this.version;
    return true;
  }

  stats(): CacheStats {
    const { hits, misses } = this;
    return { answers: this.answers.size, hits, misses, hitRate: hits / Math.max(1, hits + misses) };
  }
}

export interface Finding {
  readonly found: ListedNeighbors;
  readonly version?: number;
  readonly isCounted?: boolean;
}

/** Whether the k neighbours of `row` may be others because of a row that has changed. */
function disturbs(
  { vectors, dim }: EmbeddingTable,
  { rows, scores }: Neighbors,
  row: number,
  k: number,
  changed: number,
  mayReturn: (row: number) => boolean,
): boolean {
  if (rows.includes(changed)) return !mayReturn(changed);
  if (!mayReturn(changed)) return false;
  if (rows.length < k) return true;
  let squared = 0;
  for (let i = 0; i < dim; i++) squared += (vectors[row * dim + i] - vectors[changed * dim + i]) ** 2;
  const last = scores[k - 1];
  return !(1 - squared / 2 < last - tolerance * Math.max(1, Math.abs(last)));
}

function keyOf(row: number, k: number, admit: string): string {
  return `${row} ${k} ${admit}`;
}

const leastPortion = 64;

/** At least `wanted`, rounded up to 64, 96, 128, 192, 256, 384, …: requests of different counts share answers. */
export function portion(wanted: number): number {
  let size = leastPortion;
  while (size < wanted) size *= 2;
  return size > leastPortion && (size / 4) * 3 >= wanted ? (size / 4) * 3 : size;
}
