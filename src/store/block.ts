import type { UserKey } from '../model/item.js';

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
  readonly bytes: Uint8Array;
}

/** Collects a block from users in any order. */
export class BlockBuilder {
  private readonly places = new Map<UserKey, readonly [start: number, end: number]>();
  private bytes: Uint8Array;
  private length = 0;

  /** `expectedBytes`: how much it will hold, about. Speed only. */
  constructor(expectedBytes = 1 << 16) {
    this.bytes = sharedBytes(expectedBytes);
  }

  add(user: UserKey, bytes: Uint8Array): void {
    const { byteOffset } = this.room(user, bytes.length);
    this.bytes.set(bytes, byteOffset);
  }

  /** Room for a user's bytes; write them before the next call. */
  room(user: UserKey, length: number): DataView {
    const start = this.length;
    const end = start + length;
    if (end > this.bytes.length) {
      const bigger = sharedBytes(Math.max(2 * this.bytes.length, end));
      bigger.set(this.bytes.subarray(0, start));
      this.bytes = bigger;
    }
    this.length = end;
    this.places.set(user, [start, end]);
    return new DataView(this.bytes.buffer, start, length);
  }

  has(user: UserKey): boolean {
    return this.places.has(user);
  }

  finish(): ProfileBlock {
    const users = Uint32Array.from(this.places.keys()).sort();
    const places = Array.from(users, (user) => this.places.get(user) ?? [0, 0]);
    return {
      users,
      starts: Uint32Array.from(places, ([start]) => start),
      ends: Uint32Array.from(places, ([, end]) => end),
      bytes: this.bytes.subarray(0, this.length),
    };
  }
}

function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

export function blockOf(entries: Iterable<readonly [user: UserKey, bytes: Uint8Array]>): ProfileBlock {
  const builder = new BlockBuilder();
  for (const [user, bytes] of entries) builder.add(user, bytes);
  return builder.finish();
}
