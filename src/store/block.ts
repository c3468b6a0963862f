import type { UserKey } from '../model/item.js';
import { ProfileMemory, roundUp } from './codec.js';

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
  /** Another one when `room` has made it larger. */
  memory: ProfileMemory<SharedArrayBuffer>;
  private length = 0;

  /** `memory`: that of a block that nobody reads any more, to be used again. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(leastBytes)) {
    this.memory = new ProfileMemory(memory);
  }

  add(user: UserKey, bytes: Uint8Array): void {
    const start = this.room(user, bytes.length);
    this.memory.bytes.set(bytes, start);
  }

  /** Where in `memory`, at a multiple of 8, there is room for a user's bytes, which count instead of those given before. */
  room(user: UserKey, length: number): number {
    const start = roundUp(this.length);
    const end = start + length;
    const { bytes } = this.memory;
    if (end > bytes.length) {
      const bigger = new ProfileMemory(new SharedArrayBuffer(roundUp(Math.max(2 * bytes.length, end))));
      bigger.bytes.set(bytes.subarray(0, start));
      this.memory = bigger;
    }
    this.length = end;
    this.added.push(user);
    this.starts.push(start);
    this.ends.push(end);
    return start;
  }

  users(): ReadonlySet<UserKey> {
    return new Set(this.added);
  }

  finish(): ProfileBlock {
    const { added, starts, ends } = this;
    const bytes = this.memory.bytes.subarray(0, this.length);
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
