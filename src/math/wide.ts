import type { KernelExports } from './kernel.js';

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
  const [n, dim, depth, prefix] = [61, 37, 40, 32];
  const places = Array.from({ length: 20 }, (_, i) => 4096 + i * 16384);
  const [
    x,
    mean,
    gap,
    norms,
    energy,
    panels,
    halves,
    parents,
    members,
    tile,
    d,
    sizes,
    columns,
    a,
    b,
    heights,
  ] = places;
  const spare = places.slice(16);
  kernel.memory.grow(6);
  const { buffer } = kernel.memory;
  const points = new Float32Array(buffer, x, n * dim);
  for (let i = 0, state = 1; i < points.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    points[i] = state / 2 ** 32;
  }
  new Float32Array(buffer, sizes, n).fill(1);
  kernel.centre(x, n, dim, 1, mean, gap, depth);
  kernel.measure(x, n, dim, 1, mean, norms, energy);
  kernel.quantize(x, n, dim, 1, mean, gap, prefix, 8000, norms, prefix / 2 + 2, panels, halves);
  kernel.link(panels, prefix / 2 + 2, n, halves, 1.8e8, 1, x, dim, 1, 5, parents, members, tile);
  kernel.pack(x, 0, n, dim, 1, mean, gap, depth, panels, norms);
  kernel.distances(panels, norms, n, depth, d, 64, x, 0, dim, 1, tile);
  kernel.weigh(d, 64, n, sizes);
  kernel.chain(d, 64, n, sizes, columns, a, b, heights);
  const [means, order, starts, offsets] = spare;
  kernel.centred(x, 0, n, dim, 1, mean, depth, means);
  new Int32Array(buffer, order, n).forEach((_, i, list) => {
    list[i] = i;
  });
  new Int32Array(buffer, starts, 2)[1] = n;
  kernel.offsets(x, dim, 1, order, starts, 1, 0, gap, offsets);
  kernel.meansOf(x, dim, 1, order, starts, 1, 0, means, sizes);
  return new Uint8Array(buffer);
}
