import { createKernel, createSharedMemory, createSharedScan, reserve, type SharedMemory } from './kernel.js';

/** Vectors begin here in shared memory; before them lie the query and the products of one block. */
const headBytes = 65536;
const queryAt = 1024;
const productsAt = 40_960;
/** Rows scanned by one call. */
export const blockRows = 1024;
const maxDim = (productsAt - queryAt) / 4;
const maxBytes = 65_535 * 65_536;

/** Memory of matrices made here, by their buffer. */
const memories = new WeakMap<ArrayBufferLike, SharedMemory>();

/**
 * A rows × dim matrix that threads can share and that `createScan` reads where it lies. (Beyond 4 GiB, or 9,984
 * dimensions, it is plain shared memory, which `createScan` copies block by block.)
 */
export function allocateVectors(rows: number, dim: number): Float32Array<SharedArrayBuffer> {
  const bytes = headBytes + rows * dim * 4;
  if (bytes > maxBytes || dim > maxDim) return new Float32Array(new SharedArrayBuffer(rows * dim * 4));
  const memory = createSharedMemory(bytes);
  memories.set(memory.buffer, memory);
  return new Float32Array(memory.buffer, headBytes, rows * dim);
}

/**
 * The inner products of `query` with rows from … from + count − 1, count ≤ `blockRows`; a view that the next call
 * overwrites. In float32; a row's product does not depend on where it stands.
 */
export type Scan = (query: Float32Array, from: number, count: number) => Float32Array;

/**
 * A scan of a row-major matrix. One made by `allocateVectors` in this thread is read in place, any other is copied
 * block by block on the way: slower, the same products.
 * Time O(rows · dim), bound by memory. Checked by: test/math/vectors.test.ts.
 */
export function createScan(vectors: Float32Array, dim: number): Scan {
  const memory = memories.get(vectors.buffer);
  return memory ? scanInPlace(memory, vectors, dim) : scanCopies(vectors, dim);
}

function scanInPlace(memory: SharedMemory, vectors: Float32Array, dim: number): Scan {
  const kernel = createSharedScan(memory);
  const held = new Float32Array(memory.buffer, queryAt, dim);
  const products = new Float32Array(memory.buffer, productsAt, blockRows);
  return (query, from, count) => {
    held.set(query);
    kernel.dots(vectors.byteOffset + from * dim * 4, count, dim, queryAt, productsAt);
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
