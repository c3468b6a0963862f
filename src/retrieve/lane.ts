import type { Neighbors, VectorSearch } from '../ann/search.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { DrawnInterest } from '../profile/sample.js';
import { type Admitted, type NeighborCache, portion } from './cache.js';
import type { Query } from './queries.js';

/** A candidate with what found it. */
export interface Found {
  readonly item: ItemKey;
  readonly score: number;
  /** The interest behind it; null where the caller has to say. */
  readonly from: DrawnInterest | null;
  /** The neighbours that it is one of, with its score, and its place among them; null where they are not one list. */
  readonly list: Neighbors | null;
  readonly place: number;
}

/** Where neighbours come from. */
export interface LaneInput {
  readonly table: EmbeddingTable;
  readonly search: VectorSearch;
  readonly cache: NeighborCache | null;
  readonly admit: Admitted | null;
  readonly barred: ReadonlySet<ItemKey>;
  /** How many more neighbours are asked for at first, where queries are thought to find the same ones. Default: 0. */
  readonly more?: number;
}

/** Candidates best first, without those that are barred; null where there are no more. */
export type Source = () => Found | null;

/** Rows that may come back at most. */
export function availableRows({ admit, search }: LaneInput): number {
  return admit ? Math.min(admit.rows.count, search.size) : search.size;
}

export function askNeighbors(input: LaneInput, query: Query, wanted: number): Neighbors {
  const { search, cache, admit } = input;
  return cache && query.row !== null
    ? cache.neighbors(search, query.row, query.vector, wanted, admit)
    : search.search(query.vector, wanted, admit?.rows);
}

/** The neighbours of a query that may come back, asked for in growing portions from the first call on. */
export function neighborSource(input: LaneInput, query: Query, share: number): Source {
  const { table, barred } = input;
  const available = availableRows(input);
  let wanted = Math.min(available, portion(2 * share + 32 + (input.more ?? 0)));
  let found: Neighbors | null = null;
  let at = 0;
  return () => {
    found ??= askNeighbors(input, query, wanted);
    for (;;) {
      while (at < found.rows.length) {
        const place = at++;
        const item = table.itemOfRow[found.rows[place]];
        if (!barred.has(item))
          return { item, score: found.scores[place], from: query.from, list: found, place };
      }
      if (wanted >= available) return null;
      wanted = Math.min(available, 4 * wanted);
      found = askNeighbors(input, query, wanted); // the first `at` neighbours come again and stay consumed
    }
  };
}

/** How far a lane looks for a candidate unlike those picked: twice its share of the count, within these bounds. */
const [leastAhead, lookAhead] = [16, 128];

interface Ahead extends Found {
  readonly vector: Float32Array | null;
  /** Of the vector, squared. */
  readonly length: number;
  /** Greatest cosine to the first `compared` picks. */
  likeness: number;
  compared: number;
}

/** A list of candidates that takes part in the merge. */
export class Lane {
  /** Its share of the importance. */
  readonly weight: number;
  /** How many items it has given. */
  given = 0;
  private readonly source: Source;
  private readonly picked: Picked;
  private readonly diversity: number;
  private readonly reach: number;
  /** What is shown next where candidates are taken as they come. */
  private next: Found | null = null;
  /** What is chosen from under `diversity`. */
  private ahead: Ahead[] = [];
  private isDry = false;

  /** `share`: how many items it is thought to give. */
  constructor(source: Source, weight: number, picked: Picked, diversity: number, share: number) {
    this.source = source;
    this.weight = weight;
    this.picked = picked;
    this.diversity = diversity;
    this.reach = Math.min(lookAhead, Math.max(leastAhead, 2 * share));
  }

  /** The next candidate that is not picked yet, or null where there is none left. */
  peek(): Found | null {
    if (this.diversity > 0) return this.mostUnlike();
    while (this.next === null || this.picked.has(this.next.item)) {
      const next = this.source();
      if (!next) return null;
      this.next = next;
    }
    return this.next;
  }

  /** Takes what `peek` last showed, which must not have been null. */
  give(found: Found): void {
    this.given++;
    this.picked.add(found.item);
  }

  private mostUnlike(): Found | null {
    this.lookAhead();
    let best: Ahead | null = null;
    let highest = Number.NEGATIVE_INFINITY;
    for (const next of this.ahead) {
      this.picked.compare(next);
      const worth = next.score - this.diversity * Math.max(0, next.likeness);
      if (worth > highest || best === null) [best, highest] = [next, worth];
    }
    return best;
  }

  private lookAhead(): void {
    this.ahead = this.ahead.filter(({ item }) => !this.picked.has(item));
    while (this.ahead.length < this.reach && !this.isDry) {
      const next = this.source();
      if (!next) this.isDry = true;
      else if (!this.picked.has(next.item)) this.ahead.push(this.picked.aheadOf(next));
    }
  }
}

/** What was picked so far, over all lanes. */
export class Picked {
  private readonly table: EmbeddingTable;
  private readonly items = new Set<ItemKey>();
  /** In the order of the picks. */
  private readonly order: ItemKey[] = [];
  private readonly vectors: Float32Array[] = [];
  private readonly lengths: number[] = [];
  private taken = 0;

  constructor(table: EmbeddingTable) {
    this.table = table;
  }

  has(item: ItemKey): boolean {
    return this.items.has(item);
  }

  add(item: ItemKey): void {
    this.items.add(item);
    this.order.push(item);
  }

  aheadOf(found: Found): Ahead {
    const vector = vectorOf(this.table, found.item);
    const length = vector ? product(vector, vector) : 0;
    return { ...found, vector, length, likeness: Number.NEGATIVE_INFINITY, compared: 0 };
  }

  /** Brings the likeness of a candidate up to date. */
  compare(next: Ahead): void {
    const { vector, length } = next;
    if (!vector) return;
    this.takeVectors();
    for (; next.compared < this.vectors.length; next.compared++) {
      const both = product(vector, this.vectors[next.compared]);
      next.likeness = Math.max(next.likeness, cosineOf(both, length, this.lengths[next.compared]));
    }
  }

  private takeVectors(): void {
    for (; this.taken < this.order.length; this.taken++) {
      const vector = vectorOf(this.table, this.order[this.taken]);
      if (!vector) continue;
      this.vectors.push(vector);
      this.lengths.push(product(vector, vector));
    }
  }
}

/** Inner product in four sums: a chain of one would wait for itself. */
function product(a: Float32Array, b: Float32Array): number {
  let [p, q, r, s] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    p += a[i] * b[i];
    q += a[i + 1] * b[i + 1];
    r += a[i + 2] * b[i + 2];
    s += a[i + 3] * b[i + 3];
  }
  for (; i < a.length; i++) p += a[i] * b[i];
  return p + q + (r + s);
}

/** From the inner product of two vectors and of each with itself. */
function cosineOf(both: number, one: number, other: number): number {
  return both === 0 ? 0 : both / Math.sqrt(one * other);
}

/** A vector with its squared length, which many cosines ask for. */
export interface Measured {
  readonly vector: Float32Array;
  readonly length: number;
}

export function measured(vector: Float32Array): Measured {
  return { vector, length: product(vector, vector) };
}

export function cosine(a: Measured, b: Measured): number {
  return cosineOf(product(a.vector, b.vector), a.length, b.length);
}
