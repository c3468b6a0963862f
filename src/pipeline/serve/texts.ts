import type { Neighbors } from '../../ann/search.js';
import { shownScore } from '../recommend.js';

/** Characters of texts that are kept, over all lists; twice as many at most. */
const keptCharacters = 32_000_000;

/**
 * The JSON of the neighbours of a medoid up to the interest they are recommended for: the same for all users, and what
 * takes longest to write. Written when first asked for, and kept by list; who asks holds the list, which does not change.
 */
export class NeighborTexts {
  private recent = new Map<Neighbors, (string | undefined)[]>();
  private older = new Map<Neighbors, (string | undefined)[]>();
  private characters = 0;

  /** Of the neighbour at `place`. */
  of(list: Neighbors, place: number, itemId: () => string): string {
    const texts = this.recent.get(list) ?? this.keep(list);
    const known = texts[place];
    if (known !== undefined) return known;
    const text = candidateText(itemId(), list.scores[place]);
    this.characters += text.length;
    texts[place] = text;
    return text;
  }

  private keep(list: Neighbors): (string | undefined)[] {
    const texts = this.older.get(list) ?? new Array<undefined>(list.rows.length).fill(undefined);
    if (this.characters >= keptCharacters) {
      [this.older, this.recent] = [this.recent, new Map()];
      this.characters = 0;
    }
    this.recent.set(list, texts);
    return texts;
  }
}

/** A candidate as JSON up to the interest, which is to follow, with the brace that ends it. */
export function candidateText(itemId: string, score: number): string {
  const parts = ['{"itemId":', JSON.stringify(itemId), ',"score":', shownScore(score), ',"interestId":'];
  return parts.join(''); // joined text lies in one piece, so that it is copied in one
}

const slabBytes = 1 << 18;
/** Bytes of UTF-8 to one UTF-16 unit at most. */
const widest = 3;

/** Text as UTF-8, in buffers that many texts share: one for each would take longer to make than to fill. */
export class Slab {
  private bytes = Buffer.alloc(0);
  private at = 0;

  write(text: string): Uint8Array {
    if (this.at + widest * text.length > this.bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(slabBytes, widest * text.length));
      this.at = 0;
    }
    const start = this.at;
    this.at += this.bytes.write(text, start);
    return this.bytes.subarray(start, this.at);
  }
}
