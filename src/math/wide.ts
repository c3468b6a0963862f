import type { KernelExports } from './kernel.js';
import { Places } from './places.js';

/** As much of `process` and `node:v8` as is used; absent in a browser. */
interface NodeProcess {
  readonly arch?: string;
  readonly versions?: { readonly v8?: string };
  getBuiltinModule?(name: 'node:v8'): { setFlagsFromString(flag: string): void };
}

/** V8 pairs adjacent 128-bit operations into 256-bit ones from this major version on, behind a flag. */
const firstWideV8 = 13;

/**
 * The kernels compiled to 256-bit instructions, or undefined where the runtime cannot. Each lane computes what it did
 * before, so no bit of a result changes; `agree` checks that before the module is used. The flags are set only while it
 * compiles, without the baseline compiler, so that they reach no other module.
 */
export function compileWide<M>(bytes: Uint8Array, compile: (bytes: Uint8Array) => M): M | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  const v8 = process?.getBuiltinModule?.('node:v8');
  const major = Number.parseInt(process?.versions?.v8 ?? '0', 10);
  if (v8 === undefined || process?.arch !== 'x64' || major < firstWideV8) return undefined;
  const flags = ['experimental-wasm-revectorize', 'no-liftoff', 'no-wasm-lazy-compilation'];
  const reset = ['no-experimental-wasm-revectorize', 'liftoff', 'wasm-lazy-compilation'];
  for (const flag of flags) v8.setFlagsFromString(`--${flag}`);
  try {
    return compile(withMark(bytes));
  } finally {
    for (const flag of reset) v8.setFlagsFromString(`--${flag}`);
  }
}

/** The module plus an empty custom section: V8 shares the code of modules whose bytes are the same. */
function withMark(bytes: Uint8Array): Uint8Array {
  const marked = new Uint8Array(bytes.length + 4);
  marked.set(bytes);
  marked.set([0, 2, 1, 'w'.charCodeAt(0)], bytes.length);
  return marked;
}

/** Whether two instances leave the same bytes in memory after every kernel has run on the same points. */
export function agree(one: KernelExports, other: KernelExports): boolean {
  const first = exercise(one);
  const second = exercise(other);
  return first.every((byte, i) => byte === second[i]);
}

function exercise(kernel: KernelExports): Uint8Array {
  const [n, dim, depth, prefix, pairs, width] = [61, 37, 64, 32, 18, 16];
  const taken = new Places(4096);
  const room = taken.take;
  const column = (): number => room(64 * 8);
  const x = room(64 * dim * 4);
  const [z, panels] = [room(64 * depth * 4), room(64 * (depth * 4 + 8))];
  const [mean, zeros, centre, energy] = Array.from({ length: 4 }, () => room(depth * 4));
  const [norms, listed, halves, parents, members, sizes, weights, homes, places] = Array.from(
    { length: 9 },
    column,
  );
  const [a, b, heights, order, starts, offsets, leads, counts, lasts, sums, products, squares] = Array.from(
    { length: 12 },
    column,
  );
  const [tile, columns, panel] = [room(1024), room(12 * 64 * 4), room(depth * 32)];
  const [kept, matrix] = [room(64 * 40 * 4), room(64 * depth * 4)];
  kernel.memory.grow(7);
  const { buffer } = kernel.memory;
  const points = new Float32Array(buffer, x, n * dim);
  for (let i = 0, state = 1; i < points.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    points[i] = state / 2 ** 32;
  }
  new Float32Array(buffer, sizes, n).fill(2);
  new Int32Array(buffer, order, n).set(Array.from({ length: n }, (_, i) => i));
  new Int32Array(buffer, starts, 4).set([0, 20, 21, n]);
  kernel.place(depth, zeros, panels, listed, tile, weights, columns, panel, matrix, 40, 40);
  kernel.centre(x, n, dim, 1, mean, depth, norms);
  kernel.shareOfMean(mean, depth, norms, n);
  kernel.shift(x, n, dim, 1, mean, depth, z, norms);
  kernel.roundRows(z, n, depth, 8000, panels, halves);
  const count = kernel.lead(panels, n, depth, halves, 2e8, 5, width, matrix, parents, members, leads);
  const lows = matrix + 4 * 64 * width;
  kernel.apart(n, count, width, matrix, members, leads, 100, lows, columns, columns + 256, parents);
  kernel.energyOf(z, n, depth, energy);
  kernel.quantize(z, n, depth, zeros, prefix, 8000, norms, pairs, panels, halves);
  kernel.link(panels, pairs, n, halves, 1.8e8, 1, x, dim, 1, 5, parents, members, tile);
  kernel.matrixOf(z, norms, 0, n, depth, x, dim, 1);
  for (const m of [n, 38]) kernel.mergeRows(z, norms, 0, m, depth, x, dim, 1, sizes, a, b, heights);
  kernel.mergeParts(z, norms, order, starts, 3, depth, x, dim, 1, 0, kept, homes, places, a, b, heights);
  for (const at of [0, homes]) kernel.offsets(x, dim, 1, order, starts, 3, 0, centre, at, places, offsets);
  kernel.meansOf(x, dim, 1, order, starts, 3, sizes, centre, z, z, depth, weights);
  kernel.normsOf(z, 3, depth, norms);
  kernel.dots(x, n, dim, x, products);
  kernel.squaredDistances(x, n, dim, x, squares);
  kernel.weighActions(3, starts, heights, heights, 9, 2, 0.5, counts, lasts, sums);
  return new Uint8Array(buffer);
}
