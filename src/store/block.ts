import type { UserKey } from '../model/item.js';
import { roundUp } from './codec.js';

/**
 * Encoded profiles in one piece of memory, which threads share: to transfer it would detach it, and a thread that has detached
 * a buffer once runs all code on typed arrays anew, with a check at every access.
 */
export interface ProfileBlock {
  /** Rising. */
  readonly users: Uint32Array;
  /** Where each user's bytes begin and end in `bytes`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

const leastBytes = 1 << 16;

/** Collects a block from users in any order. */
export class BlockBuilder {
  private readonly added: UserKey[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private bytes: Uint8Array<SharedArrayBuffer>;
  private length = 0;

  /** `memory`: that of a block that nobody reads any more, to be used again. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(leastBytes)) {
    this.bytes = new Uint8Array(memory);
  }

  /** Copies a user's bytes, which count instead of those given before. */
  add(user: UserKey, bytes: Uint8Array): void {
    const start = roundUp(this.length);
    const end = start + bytes.length;
    if (end > this.bytes.length) {
      const bigger = new Uint8Array(new SharedArrayBuffer(Math.max(2 * this.bytes.length, end)));
      bigger.set(this.bytes.subarray(0, start));
      this.bytes = bigger;
    }
    this.bytes.set(bytes, start);
    this.length = end;
    this.added.push(user);
    this.starts.push(start);
    this.ends.push(end);
  }

  users(): ReadonlySet<UserKey> {
    return new Set(this.added);
  }

  finish(): ProfileBlock {
    const { added, starts, ends } = this;
    const bytes = this.bytes.subarray(0, this.length);
    if (added.every((user, i) => i === 0 || user > added[i - 1]))
      return {
        users: Uint32Array.from(added),
        starts: Uint32Array.from(starts),
        ends: Uint32Array.from(ends),
        bytes,
      };
    const places = new Map(added.map((user, place) => [user, place]));
    const users = Uint32Array.from(places.keys()).sort();
    const placeOf = (user: UserKey): number => places.get(user) ?? 0;
    return {
      users,
      starts: users.map((user) => starts[placeOf(user)]),
      ends: users.map((user) => ends[placeOf(user)]),
      bytes,
    };
  }
}

export function blockOf(entries: Iterable<readonly [user: UserKey, bytes: Uint8Array]>): ProfileBlock {
  const builder = new BlockBuilder();
  for (const [user, bytes] of entries) builder.add(user, bytes);
  return builder.finish();
}
