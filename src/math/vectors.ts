import { createKernel, createSharedMemory, createSharedScan, reserve, type SharedMemory } from './kernel.js';

/**
 * Vectors begin here in shared memory; before them lie, for each thread that scans, the query and the products of one
 * block. The thread that made the matrix has slot 0.
 */
const slotBytes = 65536;
/** Threads that can scan a matrix in place at the same time. */
export const scanSlots = 16;
const headBytes = scanSlots * slotBytes;
const queryAt = 1024;
const productsAt = 40_960;
/** Rows scanned by one call. */
export const blockRows = 1024;
const maxDim = (productsAt - queryAt) / 4;
const maxBytes = 65_535 * 65_536;

interface Place {
  readonly memory: SharedMemory;
  readonly slot: number;
}

/** Memory of matrices made or adopted here, by their buffer. */
const places = new WeakMap<ArrayBufferLike, Place>();

/** A matrix on its way to another thread. */
export interface SharedVectors {
  readonly vectors: Float32Array;
  readonly memory: SharedMemory | null;
}

/** What another thread needs to scan the matrix where it lies. */
export function shareVectors(vectors: Float32Array): SharedVectors {
  return { vectors, memory: places.get(vectors.buffer)?.memory ?? null };
}

/** The other side of `shareVectors`. `slot`: 1 to `scanSlots` − 1, of each thread its own. */
export function adoptVectors({ vectors, memory }: SharedVectors, slot: number): Float32Array {
  if (!memory || slot >= scanSlots) return vectors;
  const { buffer } = memory;
  places.set(buffer, { memory, slot });
  return new Float32Array(buffer, vectors.byteOffset, vectors.length);
}

/**
 * A rows × dim matrix that threads can share (`shareVectors`) and that `createScan` reads where it lies. (Beyond 4 GiB, or 9,984
 * dimensions, it is plain shared memory, which `createScan` copies block by block.)
 */
export function allocateVectors(rows: number, dim: number): Float32Array<SharedArrayBuffer> {
  const bytes = headBytes + rows * dim * 4;
  if (bytes > maxBytes || dim > maxDim) return new Float32Array(new SharedArrayBuffer(rows * dim * 4));
  const memory = createSharedMemory(bytes);
  places.set(memory.buffer, { memory, slot: 0 });
  return new Float32Array(memory.buffer, headBytes, rows * dim);
}

/**
 * The inner products of `query` with rows from … from + count − 1, count ≤ `blockRows`; a view that the next call
 * overwrites. In float32; a row's product does not depend on where it stands.
 */
export type Scan = (query: Float32Array, from: number, count: number) => Float32Array;

/**
 * A scan of a row-major matrix. One made by `allocateVectors` or adopted in this thread is read in place, any other is copied
 * block by block on the way: slower, the same products.
 * Time O(rows · dim), bound by memory. Checked by: test/math/vectors.test.ts.
 */
export function createScan(vectors: Float32Array, dim: number): Scan {
  const place = places.get(vectors.buffer);
  return place ? scanInPlace(place, vectors, dim) : scanCopies(vectors, dim);
}

function scanInPlace({ memory, slot }: Place, vectors: Float32Array, dim: number): Scan {
  const kernel = createSharedScan(memory);
  const queryHere = slot * slotBytes + queryAt;
  const productsHere = slot * slotBytes + productsAt;
  const held = new Float32Array(memory.buffer, queryHere, dim);
  const products = new Float32Array(memory.buffer, productsHere, blockRows);
  return (query, from, count) => {
    held.set(query);
    kernel.dots(vectors.byteOffset + from * dim * 4, count, dim, queryHere, productsHere);
    return products.subarray(0, count);
  };
}

function scanCopies(vectors: Float32Array, dim: number): Scan {
  const kernel = createKernel();
  const start = kernel.heapBase() + 64;
  const queryPlace = start - (start % 64);
  const productsPlace = queryPlace + dim * 4;
  const rowsPlace = productsPlace + blockRows * 4;
  reserve(kernel, rowsPlace + blockRows * dim * 4);
  const { buffer } = kernel.memory;
  const held = new Float32Array(buffer, queryPlace, dim);
  const products = new Float32Array(buffer, productsPlace, blockRows);
  const rows = new Float32Array(buffer, rowsPlace, blockRows * dim);
  return (query, from, count) => {
    held.set(query);
    rows.set(vectors.subarray(from * dim, (from + count) * dim));
    kernel.dots(rowsPlace, count, dim, queryPlace, productsPlace);
    return products.subarray(0, count);
  };
}
