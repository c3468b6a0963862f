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
export type PickSource = { readonly interest: Interest | null; readonly list: Neighbors | null };

const firstRoom = 128;
const none: readonly ItemKey[] = [];

/** Picks as columns, in their order: to make an object of each takes longer than to find it. Used again by who keeps it. */
export class Picks {
  length = 0;
  items = new Uint32Array(firstRoom);
  scores = new Float64Array(firstRoom);
  /** Of each: its place in `sources`, and among the neighbours there. */
  sourceOf = new Uint32Array(firstRoom);
  places = new Uint32Array(firstRoom);
  readonly sources: PickSource[] = [];
  /** Of each the reasons, where they were asked for; else nothing. */
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

  reasonsOf(at: number): readonly ItemKey[] {
    return this.because.length > 0 ? this.because[at] : none;
  }

  /** As objects, which stay. */
  all(): Pick[] {
    return Array.from({ length: this.length }, (_, at) => ({
      item: this.items[at],
      score: this.scores[at],
      ...this.sources[this.sourceOf[at]],
      place: this.places[at],
      because: this.reasonsOf(at),
    }));
  }
}
