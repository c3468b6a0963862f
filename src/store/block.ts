import type { UserKey } from '../model/item.js';
import { slotOf } from './bundle.js';
import { roundUp, slotAt } from './codec.js';

/**
 * Encoded profiles in one piece of memory, which threads share: to transfer it would detach it, and a thread that has detached
 * a buffer once runs all code on typed arrays anew, with a check at every access.
 */
export interface ProfileBlock {
  /** Rising. */
  readonly users: Uint32Array;
  /** Where each user's bytes begin in `bytes`: one after another, each at the next multiple of 8. */
  readonly starts: Uint32Array;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

const leastBytes = 1 << 16;

/** Collects a block from users in any order. */
export class BlockBuilder {
  private readonly added: UserKey[] = [];
  private readonly starts: number[] = [];
  private bytes: Uint8Array<SharedArrayBuffer>;
  private length = 0;
  private isRising = true;

  /** `memory`: that of a block that nobody reads any more, to be used again. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(leastBytes)) {
    this.bytes = new Uint8Array(memory);
  }

  /** Copies a user's bytes, which count instead of those given before. */
  add(user: UserKey, bytes: Uint8Array): void {
    const start = this.length;
    const end = start + bytes.length;
    this.length = roundUp(end);
    if (this.length > this.bytes.length) {
      const bigger = new Uint8Array(new SharedArrayBuffer(Math.max(2 * this.bytes.length, this.length)));
      bigger.set(this.bytes.subarray(0, start));
      this.bytes = bigger;
    }
    this.bytes.set(bytes, start);
    this.bytes[start + slotAt] = slotOf(user);
    // Memory that is used again holds other users' bytes.
    for (let at = end; at < this.length; at++) this.bytes[at] = 0;
    if (this.added.length > 0 && user <= this.added[this.added.length - 1]) this.isRising = false;
    this.added.push(user);
    this.starts.push(start);
  }

  users(): ReadonlySet<UserKey> {
    return new Set(this.added);
  }

  finish(): ProfileBlock {
    if (!this.isRising) return this.inOrder().finish();
    return {
      users: Uint32Array.from(this.added),
      starts: Uint32Array.from(this.starts),
      bytes: this.bytes.subarray(0, this.length),
    };
  }

  private inOrder(): BlockBuilder {
    const places = new Map(this.added.map((user, place) => [user, place]));
    const rising = new BlockBuilder(new SharedArrayBuffer(Math.max(leastBytes, this.length)));
    for (const user of Uint32Array.from(places.keys()).sort()) {
      const place = places.get(user) as number;
      rising.add(user, this.bytes.subarray(this.starts[place], this.starts[place + 1] ?? this.length));
    }
    return rising;
  }
}

export function blockOf(entries: Iterable<readonly [user: UserKey, bytes: Uint8Array]>): ProfileBlock {
  const builder = new BlockBuilder();
  for (const [user, bytes] of entries) builder.add(user, bytes);
  return builder.finish();
}
