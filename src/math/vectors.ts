import {
  createKernel,
  createSharedKernel,
  createSharedMemory,
  reserve,
  type SharedMemory,
} from './kernel.js';

/**
 * Before the vectors lie, in shared memory, a slot for each thread that scans (the query, and the results of one
 * block), behind those a slot for each that gathers (a list of rows, and copies of them), and a workspace for each of the
 * latter, where what is gathered can be computed with. The thread that made the matrix has slot 0 of all.
 */
const slotBytes = 65536;
/** A user of 600 items of 256 dimensions fits; address space that is not used takes no memory. */
const workspaceBytes = 4 * 2 ** 20;
/** Threads that can scan a matrix in place at the same time, and threads that can gather from it. */
export const scanSlots = 16;
const gatherHead = scanSlots * slotBytes;
const workspaceHead = 2 * gatherHead;
const headBytes = workspaceHead + scanSlots * workspaceBytes;
const queryAt = 1024;
const resultsAt = 40_960;
/** Rows scanned by one call. */
export const blockRows = 1024;
const maxDim = (resultsAt - queryAt) / 4;
const maxBytes = 65_535 * 65_536;

interface Place {
  readonly memory: SharedMemory;
  /** Slots of this thread; null where it has none. */
  readonly scan: number | null;
  readonly gather: number | null;
  /** Whether the workspace of the slot is taken. */
  claimed?: boolean;
}

/** Memory beside a matrix that one user of it computes in; kernels reach it and the matrix alike. */
export interface Workspace {
  readonly memory: SharedMemory;
  /** That of the matrix: a memory shows a new one from time to time, of the same bytes. */
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly end: number;
}

/** Memory of matrices made or adopted here, by their buffer. */
const places = new WeakMap<ArrayBufferLike, Place>();
const nowhere = { memory: null, scan: null, gather: null };

/** A matrix on its way to another thread. */
export interface SharedVectors {
  readonly vectors: Float32Array;
  readonly memory: SharedMemory | null;
}

/** What another thread needs to scan the matrix where it lies. */
export function shareVectors(vectors: Float32Array): SharedVectors {
  return { vectors, memory: places.get(vectors.buffer)?.memory ?? null };
}

/** The other side of `shareVectors`. `slot`: 1 to `scanSlots` − 1, for each use of each thread its own. */
export function adoptVectors(
  { vectors, memory }: SharedVectors,
  slot: number,
  use: 'scan' | 'gather' = 'scan',
): Float32Array {
  if (!memory || slot >= scanSlots) return vectors;
  const { buffer } = memory;
  places.set(buffer, { memory, scan: null, gather: null, [use]: slot });
  return new Float32Array(buffer, vectors.byteOffset, vectors.length);
}

/**
 * The workspace of this thread beside a matrix that it may gather from: for whoever asks first, and for good. Undefined
 * where there is none, or it is taken.
 */
export function claimWorkspace(vectors: Float32Array): Workspace | undefined {
  const place = places.get(vectors.buffer);
  if (!place || place.gather === null || place.claimed) return undefined;
  place.claimed = true;
  const start = workspaceHead + place.gather * workspaceBytes;
  return { memory: place.memory, buffer: vectors.buffer, start, end: start + workspaceBytes };
}

/** Room for further rows that a matrix is made with, as a share of its rows; it takes no memory before it is used. */
const spareShare = 0.25;
const leastSpareRows = 1024;

/**
 * A rows × dim matrix that threads can share (`shareVectors`) and that `createScan` reads where it lies. (Beyond 4 GiB, or
 * 9,984 dimensions, it is plain shared memory, which `createScan` copies block by block.)
 */
export function allocateVectors(rows: number, dim: number): Float32Array<SharedArrayBuffer> {
  const spare = Math.max(leastSpareRows, Math.ceil(spareShare * rows));
  for (const capacity of [rows + spare, rows]) {
    const bytes = headBytes + capacity * dim * 4;
    if (bytes > maxBytes || dim > maxDim) continue;
    const memory = createSharedMemory(bytes);
    places.set(memory.buffer, { memory, scan: 0, gather: 0 });
    return new Float32Array(memory.buffer, headBytes, rows * dim);
  }
  return new Float32Array(new SharedArrayBuffer(rows * dim * 4));
}

/**
 * The matrix with more rows, of which those beyond the old ones are to be filled: in place where there is room, so that
 * who holds the shorter one keeps it, else a copy.
 */
export function growVectors(vectors: Float32Array, dim: number, rows: number): Float32Array {
  const { buffer, byteOffset } = vectors;
  if (byteOffset + rows * dim * 4 <= buffer.byteLength)
    return new Float32Array(buffer, byteOffset, rows * dim);
  const grown = allocateVectors(rows, dim);
  grown.set(vectors);
  return grown;
}

/**
 * What a scan says of `query` and each of the rows from … from + count − 1, count ≤ `blockRows`; a view that the next call
 * overwrites. What it says of a row does not depend on where the row stands.
 */
export type Scan<Results = Float32Array> = (query: Float32Array, from: number, count: number) => Results;

/** What is computed of a query and rows, and how its results are seen. */
interface Measure<Results> {
  readonly kernel: 'dots' | 'squaredDistances';
  readonly view: (buffer: ArrayBufferLike, start: number, count: number) => Results;
}

const products: Measure<Float32Array> = {
  kernel: 'dots',
  view: (buffer, start, count) => new Float32Array(buffer, start, count),
};
const squaredDistances: Measure<Float64Array> = {
  kernel: 'squaredDistances',
  view: (buffer, start, count) => new Float64Array(buffer, start, count),
};
const widest = Float64Array.BYTES_PER_ELEMENT;

/**
 * A scan of a row-major matrix for inner products, in float32. A matrix made by `allocateVectors` or adopted in this thread
 * is read in place, any other is copied block by block on the way: slower, the same products.
 * Time O(rows · dim), bound by memory. Checked by: test/math/vectors.test.ts.
 */
export function createScan(vectors: Float32Array, dim: number): Scan {
  return scanOf(products, vectors, dim);
}

/** The same for squared distances, from differences in float64: as exact beside a large mean as without one. */
export function createDistanceScan(vectors: Float32Array, dim: number): Scan<Float64Array> {
  return scanOf(squaredDistances, vectors, dim);
}

function scanOf<Results>(measure: Measure<Results>, vectors: Float32Array, dim: number): Scan<Results> {
  const { memory, scan } = places.get(vectors.buffer) ?? nowhere;
  return memory && scan !== null
    ? scanInPlace(measure, memory, scan, vectors, dim)
    : scanCopies(measure, vectors, dim);
}

function scanInPlace<Results>(
  { kernel, view }: Measure<Results>,
  memory: SharedMemory,
  slot: number,
  vectors: Float32Array,
  dim: number,
): Scan<Results> {
  const run = createSharedKernel(memory)[kernel];
  const queryHere = slot * slotBytes + queryAt;
  const resultsHere = slot * slotBytes + resultsAt;
  const { buffer } = memory;
  const held = new Float32Array(buffer, queryHere, dim);
  return (query, from, count) => {
    held.set(query);
    run(vectors.byteOffset + from * dim * 4, count, dim, queryHere, resultsHere);
    return view(buffer, resultsHere, count);
  };
}

function scanCopies<Results>(
  { kernel, view }: Measure<Results>,
  vectors: Float32Array,
  dim: number,
): Scan<Results> {
  const own = createKernel();
  const start = own.heapBase() + 64;
  const resultsPlace = start - (start % 64);
  const queryPlace = resultsPlace + blockRows * widest;
  const rowsPlace = queryPlace + dim * 4;
  reserve(own, rowsPlace + blockRows * dim * 4);
  const { buffer } = own.memory;
  const held = new Float32Array(buffer, queryPlace, dim);
  const rows = new Float32Array(buffer, rowsPlace, blockRows * dim);
  return (query, from, count) => {
    held.set(query);
    rows.set(vectors.subarray(from * dim, (from + count) * dim));
    own[kernel](rowsPlace, count, dim, queryPlace, resultsPlace);
    return view(buffer, resultsPlace, count);
  };
}

/** Copies the rows of items into `out`, one behind another; `rowOfItem[item]` is the item's row, ≥ 0. */
export type Gather = (out: Float32Array, items: Uint32Array, rowOfItem: Int32Array) => void;

/** Rows listed at once; their copies follow the list. */
const listRows = 64;
const listBytes = 4 * listRows;

/**
 * How rows of a matrix are brought together. One made by `allocateVectors`, or adopted in this thread to gather from, is
 * read by a kernel that has many rows on their way at a time, and which writes them where they are wanted if that is a
 * workspace beside the matrix; any other row by row: slower, the same rows.
 * Time O(items · dim), bound by memory. Checked by: test/math/vectors.test.ts.
 */
export function createGather(vectors: Float32Array, dim: number): Gather {
  const { memory, gather } = places.get(vectors.buffer) ?? nowhere;
  const rows = Math.min(listRows, Math.floor((slotBytes - listBytes) / (4 * dim)));
  return memory && gather !== null && rows > 0
    ? gatherInPlace(memory, gatherHead + gather * slotBytes, rows, vectors, dim)
    : gatherRows(vectors, dim);
}

function gatherInPlace(
  memory: SharedMemory,
  head: number,
  rows: number,
  vectors: Float32Array,
  dim: number,
): Gather {
  const kernel = createSharedKernel(memory);
  const list = new Uint32Array(memory.buffer, head, rows);
  const copies = new Float32Array(memory.buffer, head + listBytes, rows * dim);
  return (out, items, rowOfItem) => {
    const beside = out.buffer === vectors.buffer;
    for (let from = 0; from < items.length; from += rows) {
      const count = Math.min(rows, items.length - from);
      for (let i = 0; i < count; i++) list[i] = rowOfItem[items[from + i]];
      const to = beside ? out.byteOffset + 4 * from * dim : head + listBytes;
      kernel.gather(vectors.byteOffset, head, count, dim, to);
      if (!beside) out.set(count === rows ? copies : copies.subarray(0, count * dim), from * dim);
    }
  };
}

function gatherRows(vectors: Float32Array, dim: number): Gather {
  return (out, items, rowOfItem) => {
    for (let i = 0; i < items.length; i++) {
      const row = rowOfItem[items[i]];
      out.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim);
    }
  };
}

/**
 * The squared distances of rows pairs[2p] and pairs[2p + 1] of a matrix, +Infinity where one is more than `most`. In
 * float64, summed dimension by dimension, whatever computes them. Rows of a matrix that this thread may gather from are read
 * where they lie, by a kernel that has many on their way at a time.
 * Time O(pairs · dim), less the sooner pairs are seen to be far apart. Checked by: test/math/vectors.test.ts.
 */
export function nearPairs(
  vectors: Float32Array,
  dim: number,
  pairs: Uint32Array,
  most: number,
): Float64Array {
  const { memory, gather } = places.get(vectors.buffer) ?? nowhere;
  if (!memory || gather === null)
    return Float64Array.from({ length: pairs.length / 2 }, (_, p) => {
      const distance = squaredDistance(vectors, dim, pairs[2 * p], pairs[2 * p + 1], most);
      return distance > most ? Number.POSITIVE_INFINITY : distance;
    });
  const kernel = createSharedKernel(memory);
  const head = gatherHead + gather * slotBytes;
  const listed = new Uint32Array(memory.buffer, head, 2 * listPairs);
  const found = new Float64Array(memory.buffer, head + listed.byteLength, listPairs);
  const distances = new Float64Array(pairs.length / 2);
  for (let from = 0; from < distances.length; from += listPairs) {
    const count = Math.min(listPairs, distances.length - from);
    listed.set(pairs.subarray(2 * from, 2 * (from + count)));
    kernel.nearPairs(vectors.byteOffset, head, count, dim, most, found.byteOffset);
    distances.set(found.subarray(0, count), from);
  }
  return distances;
}

/** Pairs listed at once; their distances follow the list. */
const listPairs = slotBytes / 16;

/** Beyond `most`, a lower bound that is more as well. */
function squaredDistance(vectors: Float32Array, dim: number, a: number, b: number, most: number): number {
  let sum = 0;
  let at = b * dim;
  for (let k = a * dim; k < (a + 1) * dim && sum <= most; k++, at++) {
    const difference = vectors[k] - vectors[at];
    sum += difference * difference;
  }
  return sum;
}
