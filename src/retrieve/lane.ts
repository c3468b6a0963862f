import type { Neighbors, VectorSearch } from '../ann/search.js';
import type { U32Map } from '../math/u32map.js';
import { type EmbeddingTable, type ItemKey, vectorOf } from '../model/item.js';
import type { DrawnInterest } from '../profile/sample.js';
import {
  type Admitted,
  itemsOf,
  type ListedNeighbors,
  listed,
  type NeighborCache,
  portion,
} from './cache.js';
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

/** Candidates best first, without those that are barred; null where there are no more. Each holds until the next call. */
export type Source = () => Found | null;

/** Rows that may come back at most. */
export function availableRows({ admit, search }: LaneInput): number {
  return admit ? Math.min(admit.rows.count, search.size) : search.size;
}

export function askNeighbors(input: LaneInput, query: Query, wanted: number): ListedNeighbors {
  const { search, cache, admit } = input;
  return cache && query.row !== null
    ? cache.neighbors(search, query.row, query.vector, wanted, admit)
    : listed(search.search(query.vector, wanted, admit?.rows));
}

/** The neighbours of a query that may come back, asked for in growing portions from the first call on. */
export function neighborSource(input: LaneInput, query: Query, share: number): Source {
  const cursor = neighborCursor(input, query, share);
  return () => (cursor.next() ? cursor : null);
}

/** The same as a cursor before the first of them. */
export function neighborCursor(input: LaneInput, query: Query, share: number): NeighborCursor {
  const first = Math.min(availableRows(input), portion(2 * share + 32 + (input.more ?? 0)));
  return new NeighborCursor(input, query, first);
}

/** A candidate among neighbours, and those behind it: one object for all, for making another takes as long as finding it. */
export class NeighborCursor implements Found {
  item: ItemKey = 0;
  score = 0;
  place = -1;
  list: ListedNeighbors | null = null;
  readonly from: DrawnInterest | null;
  private readonly input: LaneInput;
  private readonly query: Query;
  private wanted: number;
  private items: Uint32Array | null = null;

  constructor(input: LaneInput, query: Query, wanted: number) {
    this.input = input;
    this.query = query;
    this.wanted = wanted;
    this.from = query.from;
  }

  /** Goes on to the next; whether there is one. */
  next(): boolean {
    const { barred, table } = this.input;
    for (;;) {
      this.list ??= this.ask();
      const { rows, scores } = this.list;
      const { items } = this;
      while (++this.place < rows.length) {
        this.item = items ? items[this.place] : table.itemOfRow[rows[this.place]];
        if (barred.has(this.item)) continue;
        this.score = scores[this.place];
        return true;
      }
      const available = availableRows(this.input);
      this.place = rows.length - 1; // of the next portion, as many come again and stay consumed
      if (this.wanted >= available) return false;
      this.wanted = Math.min(available, 4 * this.wanted);
      this.list = null;
    }
  }

  private ask(): ListedNeighbors {
    const list = askNeighbors(this.input, this.query, this.wanted);
    this.items = itemsOf(list, this.input.table);
    return list;
  }
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
  /** What was shown last; null where that was nothing. */
  private shown: Found | null = null;
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

  /** The next candidate that is not picked yet, or null where there is none left. It holds until the next call. */
  peek(): Found | null {
    if (this.diversity > 0) this.shown = this.mostUnlike();
    else
      while (this.shown === null || this.picked.has(this.shown.item)) {
        this.shown = this.source();
        if (this.shown === null) break;
      }
    return this.shown;
  }

  /** Takes what `peek` last showed, which must not have been null. */
  give(): Found {
    const found = this.shown as Found;
    this.given++;
    this.picked.add(found.item);
    return found;
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
  /** Each with its place in `order`. */
  private readonly places: U32Map;
  private readonly order: ItemKey[] = [];
  private readonly vectors: Float32Array[] = [];
  private readonly lengths: number[] = [];
  private taken = 0;

  /** `places`: empty, with room for all that will be picked. */
  constructor(table: EmbeddingTable, places: U32Map) {
    this.table = table;
    this.places = places;
  }

  has(item: ItemKey): boolean {
    return this.places.get(item) >= 0;
  }

  add(item: ItemKey): void {
    this.places.getOrSet(item, this.order.length);
    this.order.push(item);
  }

  /** A copy, for `found` holds until the next one only. */
  aheadOf({ item, score, from, list, place }: Found): Ahead {
    const vector = vectorOf(this.table, item);
    const length = vector ? product(vector, vector) : 0;
    return {
      item,
      score,
      from,
      list,
      place,
      vector,
      length,
      likeness: Number.NEGATIVE_INFINITY,
      compared: 0,
    };
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
