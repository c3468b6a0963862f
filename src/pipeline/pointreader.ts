import { isBlock } from '../actions/blocks.js';
import type { ActionLog } from '../actions/log.js';
import { closeHash, type Hash64 } from '../math/hash.js';
import { createKernel, type KernelExports, reserve } from '../math/kernel.js';
import { Places } from '../math/places.js';
import { dayMs } from '../model/action.js';
import type { UserKey } from '../model/item.js';
import type { CollectOptions, Points } from '../profile/points.js';

export interface PointReaderOptions extends Omit<CollectOptions, 'hasVector' | 'idRank'> {
  /** Gives what `CollectOptions` calls so; asked once, when a user needs it. */
  readonly idRank: () => Uint32Array;
  readonly asOf: number;
  /** Users with newer actions are left to others. */
  readonly maxSeq: number;
  readonly rowOfItem: Int32Array;
  /** From `runBasis`. */
  readonly run: Hash64;
  /** Of how many actions points are held, at most, when the next user is read. */
  readonly held: number;
}

/** `basis`: what `clusterBasis` gives of the points; `newest`: what `newestTime` does. */
export type PointVisitor = (user: UserKey, points: Points, basis: Hash64, newest: number) => void;

/** Users `from … to−1`. */
export type UserRange = readonly [from: UserKey, to: UserKey];

/** A user with more actions, or bytes of them, is left to others. */
const mostRows = 16_384;
const inputBytes = 2 ** 20;
/** Users whose points may be held at once. */
const mostUsers = 4096;

/** What the kernel gives where it has no ranks and needs them. */
const tied = -2;

/** Bytes of the head, and places in it: kernels/points.ts. */
const headBytes = 152;
const head = {
  rankOf: 4,
  most: 20,
  input: 24,
  work: 28,
  asOf: 64,
  run: 96,
  found: 104,
  changesAt: 136,
  newest: 144,
};

/** One user's blocks in the kernel's memory, each at a multiple of 8 and 8 bytes after its length. */
class Input {
  readonly start: number;
  length = 0;
  rows = 0;
  /** Whether the kernel cannot read it. */
  isOdd = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(buffer: ArrayBufferLike, start: number) {
    this.start = start;
    this.bytes = new Uint8Array(buffer, start, inputBytes);
    this.view = new DataView(buffer, start, inputBytes);
  }

  clear(): void {
    this.length = 0;
    this.rows = 0;
    this.isOdd = false;
  }

  /** `block`: longer than the value, of `length` bytes, that it begins with. */
  add(block: Uint8Array, length: number): void {
    const end = this.length + 8 + length;
    if (length >= 4) this.rows += block[2] + 256 * block[3];
    if (length < 4 || !isBlock(block[0]) || end > inputBytes || this.rows > mostRows) this.isOdd = true;
    if (this.isOdd) return;
    this.view.setUint32(this.length, length, true);
    this.bytes.set(block.subarray(0, length), this.length + 8);
    this.length = (end + 7) & ~7;
  }
}

/**
 * What: reads the points of one user after another straight from the blocks of the log, in a kernel.
 * Convention: gives what `collectPoints` and `clusterBasis` give of the same log, to the last bit; users whose log is not
 * plain (kernels/points.ts) are left to those.
 * Time and memory: O(actions); 8 bytes an item and some 4 MiB.
 * Checked by: test/pipeline/pointreader.test.ts.
 */
export class PointReader {
  /** With a memory of its own: to one that threads share, bytes are copied at half the speed. */
  private readonly kernel: KernelExports = createKernel();
  private readonly idRank: () => Uint32Array;
  /** Room for the ranks of all items. */
  private readonly ranks: Uint32Array;
  private readonly headAt: number;
  private readonly words: Uint32Array;
  private readonly numbers: Float64Array;
  private readonly itemKeys: Uint32Array;
  private readonly actionOffsets: Uint32Array;
  private readonly times: Float64Array;
  private readonly weights: Float64Array;
  /** The user who is read, and the one whose first block is known. */
  private inputs: readonly [Input, Input];
  /** Where the next points lie. */
  private base = 0;
  private lent: DataView | null = null;
  private lentBytes: Uint8Array = new Uint8Array(0);

  constructor(options: PointReaderOptions) {
    const { rowOfItem, types, held } = options;
    const items = rowOfItem.length;
    const capacity = held + mostRows + mostUsers;
    const taken = new Places(this.kernel.heapBase());
    const { take } = taken;
    this.headAt = take(headBytes);
    const tables = [4 * items, 4 * items, 8 * types.length].map(take);
    const inputs = [inputBytes, inputBytes].map(take);
    const work = [24, 32, 4, 8].map((bytes) => take(bytes * mostRows));
    const points = [4, 4, 8, 8].map((bytes) => take(bytes * capacity));
    reserve(this.kernel, taken.end);
    const { buffer } = this.kernel.memory;
    this.idRank = options.idRank;
    this.words = new Uint32Array(buffer, this.headAt, headBytes / 4);
    this.numbers = new Float64Array(buffer, this.headAt, headBytes / 8);
    this.inputs = [new Input(buffer, inputs[0]), new Input(buffer, inputs[1])];
    this.itemKeys = new Uint32Array(buffer, points[0], capacity);
    this.actionOffsets = new Uint32Array(buffer, points[1], capacity);
    this.times = new Float64Array(buffer, points[2], capacity);
    this.weights = new Float64Array(buffer, points[3], capacity);
    new Int32Array(buffer, tables[0], items).set(rowOfItem);
    this.ranks = new Uint32Array(buffer, tables[1], items);
    const weights = types.map(({ role, weight }) => (role === 'interest' ? weight : Number.NaN));
    new Float64Array(buffer, tables[2], types.length).set(weights);
    this.words.set([tables[0], 0, items, tables[2], types.length]);
    this.words.set([...work, ...points], head.work / 4);
    this.describe(options);
  }

  private describe({ maxItems, windowDays, asOf, maxSeq, run }: PointReaderOptions): void {
    const windowMs = windowDays === 'all' ? Number.POSITIVE_INFINITY : windowDays * dayMs;
    this.words[head.most / 4] = Math.min(maxItems, 0xffffffff);
    this.numbers.set([asOf, asOf - windowMs, windowMs, maxSeq], head.asOf / 8);
    this.words.set([run.high, run.low], head.run / 4);
  }

  /**
   * Visits users `from … to−1` in order, each with points that last until `release`. Returns those who are left to others,
   * in order; none of them was visited.
   */
  read(log: ActionLog, from: UserKey, to: UserKey, visit: PointVisitor): UserRange[] {
    const left: UserRange[] = [];
    let user = -1;
    const finish = (input: Input): void => {
      if (user >= 0 && !this.finish(input, user, visit)) left.push([user, user + 1]);
    };
    try {
      const isRead = log.scanStored(from, to, ({ key, keyAt, value, valueLength }) => {
        const owner = key.getUint32(keyAt);
        const [now, next] = this.inputs;
        if (owner === user) {
          now.add(this.bytesOf(value), valueLength);
          return;
        }
        // The entry is gone as soon as the visitor reads anything of the directory: it is taken over first.
        next.clear();
        next.add(this.bytesOf(value), valueLength);
        finish(now);
        this.inputs = [next, now];
        user = owner;
      });
      if (!isRead) return [[from, to]];
      finish(this.inputs[0]);
    } catch {
      // The scan does not say whose bytes it could not read; reading user by user does.
      left.push([user < 0 ? from : user, to]);
    }
    return left;
  }

  /** The store lends the same memory for most entries. */
  private bytesOf(value: DataView): Uint8Array {
    if (value !== this.lent) {
      this.lent = value;
      this.lentBytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    return this.lentBytes;
  }

  /** Whether the user was visited. */
  private finish(input: Input, user: UserKey, visit: PointVisitor): boolean {
    const { base, words } = this;
    if (input.isOdd || base + input.rows + 1 > this.itemKeys.length) return false;
    words[head.input / 4] = input.start;
    let n = this.kernel.readPoints(this.headAt, input.length, input.rows, base);
    if (n === tied) {
      this.takeRanks();
      n = this.kernel.readPoints(this.headAt, input.length, input.rows, base);
    }
    if (n < 0) return false;
    const found = head.found / 4;
    const actions = words[found + 4];
    const high = words[found + 5];
    const low = words[found + 6];
    const leftOut = {
      role: words[found],
      afterAsOf: words[found + 1],
      outsideWindow: words[found + 2],
      unembedded: words[found + 3],
      truncated: 0,
    };
    // One more offset than points, of which there are no more than actions.
    this.base = base + actions + 1;
    const points = {
      itemKeys: this.itemKeys.subarray(base, base + n),
      actionOffsets: this.actionOffsets.subarray(base, base + n + 1),
      times: this.times.subarray(base, base + actions),
      weights: this.weights.subarray(base, base + actions),
      leftOut,
      changesAtMs: this.numbers[head.changesAt / 8],
    };
    visit(user, points, closeHash({ high, low }), this.numbers[head.newest / 8]);
    return true;
  }

  /** Most logs need none. */
  private takeRanks(): void {
    this.ranks.set(this.idRank().subarray(0, this.ranks.length));
    this.words[head.rankOf / 4] = this.ranks.byteOffset;
  }

  release(): void {
    this.base = 0;
  }
}
