import type { Neighbors } from '../ann/search.js';
import type { ItemKey } from '../model/item.js';
import type { Interest } from '../model/profile.js';
import type { Found } from './lane.js';

export interface Pick {
  readonly item: ItemKey;
  /** 1 − ‖q − x‖²/2 for its query, a cosine on unit vectors, plus the popularity prior; under a mixture that of all. */
  readonly score: number;
  readonly interest: Interest | null;
  readonly because: readonly ItemKey[];
  /** The neighbours that it is one of, with its score, and its place among them; null where they are not one list. */
  readonly list: Neighbors | null;
  readonly place: number;
}

/** Where picks come from. */
export interface PickSource<I = Interest> {
  readonly interest: I | null;
  readonly list: Neighbors | null;
}

/** Picks as columns, in their order. */
export interface PickColumns<I = Interest> {
  readonly length: number;
  readonly items: Uint32Array;
  readonly scores: Float64Array;
  /** Of each: its place in `sources`, and among the neighbours there. */
  readonly sourceOf: Uint32Array;
  readonly places: Uint32Array;
  readonly sources: readonly PickSource<I>[];
  /** Of each the reasons, where they were asked for; else nothing. */
  readonly because: readonly (readonly ItemKey[])[];
}

/** For another thread, which has no lists. */
export type PackedPicks = PickColumns<{ readonly id: string }>;

const firstRoom = 128;
const none: readonly ItemKey[] = [];
const noPlaces = new Uint32Array(0);

/** To make an object of each pick takes longer than to find it. Used again by who keeps it. */
export class Picks implements PickColumns {
  length = 0;
  items = new Uint32Array(firstRoom);
  scores = new Float64Array(firstRoom);
  sourceOf = new Uint32Array(firstRoom);
  places = new Uint32Array(firstRoom);
  readonly sources: PickSource[] = [];
  readonly because: (readonly ItemKey[])[] = [];

  clear(): void {
    this.length = 0;
    this.sources.length = 0;
    this.because.length = 0;
  }

  add({ item, score, list, place }: Omit<Found, 'from'>, interest: Interest | null): void {
    const at = this.length;
    if (at === this.items.length) this.grow();
    this.items[at] = item;
    this.scores[at] = score;
    this.sourceOf[at] = this.source(interest, list);
    this.places[at] = place;
    this.length = at + 1;
  }

  private source(interest: Interest | null, list: Neighbors | null): number {
    const { sources } = this;
    for (let i = 0; i < sources.length; i++)
      if (sources[i].interest === interest && sources[i].list === list) return i;
    return sources.push({ interest, list }) - 1;
  }

  private grow(): void {
    const room = 2 * this.items.length;
    const copyOf = <C extends Uint32Array | Float64Array>(column: C, grown: C): C => {
      grown.set(column);
      return grown;
    };
    this.items = copyOf(this.items, new Uint32Array(room));
    this.scores = copyOf(this.scores, new Float64Array(room));
    this.sourceOf = copyOf(this.sourceOf, new Uint32Array(room));
    this.places = copyOf(this.places, new Uint32Array(room));
  }

  /** As objects, which stay. */
  all(): Pick[] {
    return Array.from({ length: this.length }, (_, at) => ({
      item: this.items[at],
      score: this.scores[at],
      ...this.sources[this.sourceOf[at]],
      place: this.places[at],
      because: reasonsOf(this, at),
    }));
  }

  /** As columns, which stay. */
  packed(): PackedPicks {
    const { length } = this;
    const sources = this.sources.map(({ interest }) => ({
      interest: interest && { id: interest.id },
      list: null,
    }));
    return {
      length,
      items: this.items.slice(0, length),
      scores: this.scores.slice(0, length),
      sourceOf: this.sourceOf.slice(0, length),
      places: noPlaces,
      sources,
      because: [...this.because],
    };
  }
}

export function reasonsOf(
  { because }: { readonly because: PickColumns['because'] },
  at: number,
): readonly ItemKey[] {
  return because.length > 0 ? because[at] : none;
}
