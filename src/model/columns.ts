import type { Interest } from './profile.js';

/**
 * The interests of one user side by side, in an order that who fills them says; everything of `Interest`, and each
 * member's part in the importance. For what looks at millions of users: no object is made for any of them. The memory
 * grows and is used again for the next user.
 */
export class InterestColumns {
  /** Interests. */
  count = 0;
  /** The id of interest i, as two words: its digits are those of `ids[2 i]`, then of `ids[2 i + 1]`. */
  ids: Uint32Array = new Uint32Array(0);
  medoids: Uint32Array = new Uint32Array(0);
  sizes: Uint32Array = new Uint32Array(0);
  importances: Float64Array = new Float64Array(0);
  lastActionAt: Float64Array = new Float64Array(0);
  /** The members of interest i are those from where the ones before end, up to `ends[i]`. */
  ends: Uint32Array = new Uint32Array(0);
  /** By member. */
  members: Uint32Array = new Uint32Array(0);
  counts: Uint32Array = new Uint32Array(0);
  weights: Float32Array = new Float32Array(0);

  get memberCount(): number {
    return this.count === 0 ? 0 : this.ends[this.count - 1];
  }

  /** Makes room; what was there is gone. */
  reserve(interests: number, members: number): void {
    if (interests > this.ends.length) {
      const room = Math.max(interests, 2 * this.ends.length, 32);
      this.ids = new Uint32Array(2 * room);
      this.medoids = new Uint32Array(room);
      this.sizes = new Uint32Array(room);
      this.importances = new Float64Array(room);
      this.lastActionAt = new Float64Array(room);
      this.ends = new Uint32Array(room);
    }
    if (members > this.members.length) {
      const room = Math.max(members, 2 * this.members.length, 256);
      this.members = new Uint32Array(room);
      this.counts = new Uint32Array(room);
      this.weights = new Float32Array(room);
    }
  }

  /** `weights`: by interest and member; what follows does not count. */
  fill(interests: readonly Interest[], weights: Float32Array): void {
    this.reserve(
      interests.length,
      interests.reduce((sum, { members }) => sum + members.length, 0),
    );
    this.count = interests.length;
    let end = 0;
    interests.forEach(({ id, medoid, size, importance, lastActionAt, members, counts }, i) => {
      this.ids.set(idWords(id), 2 * i);
      this.medoids[i] = medoid;
      this.sizes[i] = size;
      this.importances[i] = importance;
      this.lastActionAt[i] = lastActionAt;
      this.members.set(members, end);
      this.counts.set(counts, end);
      end += members.length;
      this.ends[i] = end;
    });
    this.weights.set(weights.subarray(0, end));
  }
}

/** The 16 hex digits of an interest's id as two words. */
export function idWords(id: string): [high: number, low: number] {
  return [Number.parseInt(id.slice(0, 8), 16), Number.parseInt(id.slice(8), 16)];
}
