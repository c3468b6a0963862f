import type { UserKey } from '../model/item.js';
import type { ProfileBlock } from './block.js';
import { bundleOf } from './bundle.js';

/** Bytes that may wait. */
const waitingBytes = 8 << 20;

/** Profiles that wait to be stored, in memory of its own: the store takes none that threads share, and blocks may lie in such. */
export class PendingProfiles {
  private memory = Buffer.allocUnsafeSlow(waitingBytes);
  private filled = 0;
  private users: UserKey[] = [];
  private starts: number[] = [];

  hasRoomFor({ bytes }: ProfileBlock): boolean {
    return this.filled + bytes.length <= this.memory.length;
  }

  /** Copies a block; its users are above those of before. */
  add(block: ProfileBlock): void {
    if (!this.hasRoomFor(block)) {
      const bigger = Buffer.allocUnsafeSlow(this.filled + block.bytes.length);
      this.memory.copy(bigger, 0, 0, this.filled);
      this.memory = bigger;
    }
    this.memory.set(block.bytes, this.filled);
    for (const user of block.users) this.users.push(user);
    for (const start of block.starts) this.starts.push(this.filled + start);
    this.filled += block.bytes.length;
  }

  /**
   * Hands on what waits, an entry of the store at a time, without the users who are to be left out. The last entry, which may
   * not be whole, only at the end.
   */
  take(
    atEnd: boolean,
    isLeftOut: (user: UserKey) => boolean,
    put: (first: UserKey, bytes: Buffer) => void,
  ): void {
    const { users } = this;
    let from = 0;
    while (from < users.length) {
      const first = bundleOf(users[from]);
      let to = from + 1;
      while (to < users.length && bundleOf(users[to]) === first) to++;
      if (to === users.length && !atEnd) break;
      const bytes = this.bytesOf(from, to, isLeftOut);
      if (bytes.length > 0) put(first, bytes);
      from = to;
    }
    this.keepFrom(from);
  }

  private bytesOf(from: number, to: number, isLeftOut: (user: UserKey) => boolean): Buffer {
    const whole = this.memory.subarray(this.starts[from], this.starts[to] ?? this.filled);
    if (!this.users.slice(from, to).some(isLeftOut)) return whole;
    const parts: Buffer[] = [];
    for (let i = from; i < to; i++)
      if (!isLeftOut(this.users[i]))
        parts.push(this.memory.subarray(this.starts[i], this.starts[i + 1] ?? this.filled));
    return Buffer.concat(parts);
  }

  private keepFrom(from: number): void {
    const start = this.starts[from] ?? this.filled;
    this.memory.copyWithin(0, start, this.filled);
    this.filled -= start;
    this.users = this.users.slice(from);
    this.starts = this.starts.slice(from).map((at) => at - start);
  }
}
