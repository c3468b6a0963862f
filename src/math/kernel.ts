import { kernelBase64, sharedBase64 } from './kernel.wasm.js';
import { agree, compileWide } from './wide.js';

/**
 * The WebAssembly SIMD kernels (kernels/), embedded in the package: no file, no download, the same module in Node, a
 * worker thread and a browser. Pointers are byte offsets into `memory`; what they hold is said in kernels/.
 */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBufferLike; grow(pages: number): number };
  heapBase(): number;
  /** 0 where a sum is not finite. */
  centre(
    x: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    depth: number,
    norms: number,
  ): number;
  shareOfMean(mean: number, depth: number, norms: number, n: number): number;
  largest(values: number, n: number): number;
  /** The largest squared norm. */
  shift(
    x: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    depth: number,
    z: number,
    norms: number,
  ): number;
  normsOf(z: number, n: number, depth: number, norms: number): void;
  pack(z: number, list: number, n: number, depth: number, zeros: number, panels: number): void;
  energyOf(z: number, n: number, depth: number, energy: number): void;
  quantize(
    z: number,
    n: number,
    depth: number,
    zeros: number,
    prefix: number,
    unit: number,
    norms: number,
    pairs: number,
    panels: number,
    halves: number,
  ): void;
  /** 0: linked, 1: one component holds most points, 2: the bound passed over too few pairs. */
  link(
    panels: number,
    pairs: number,
    n: number,
    halves: number,
    slack: number,
    patient: number,
    x: number,
    dim: number,
    scale: number,
    limit: number,
    parent: number,
    member: number,
    scratch: number,
  ): number;
  roundRows(z: number, n: number, depth: number, unit: number, q: number, halves: number): void;
  /** How many leaders, or 0 where they would be too many. */
  lead(
    q: number,
    n: number,
    depth: number,
    halves: number,
    reach: number,
    worth: number,
    width: number,
    products: number,
    best: number,
    group: number,
    leads: number,
  ): number;
  /** Points of the largest component. */
  apart(
    n: number,
    count: number,
    width: number,
    products: number,
    group: number,
    leads: number,
    bar: number,
    lows: number,
    roots: number,
    members: number,
    parents: number,
  ): number;
  weighActions(
    n: number,
    offsets: number,
    times: number,
    weights: number,
    asOf: number,
    unit: number,
    lambda: number,
    counts: number,
    lasts: number,
    sums: number,
  ): void;
  dots(rows: number, count: number, dim: number, query: number, out: number): void;
  squaredDistances(rows: number, count: number, dim: number, query: number, out: number): void;
  /** How many items there are. */
  rankSums(
    sums: number,
    count: number,
    unit: number,
    spare: number,
    places: number,
    items: number,
    scores: number,
  ): number;
  /** 80 floating-point operations a turn: kernels/peak.ts. */
  peak(turns: number, a: number): number;
  distances(
    panels: number,
    norms: number,
    n: number,
    depth: number,
    d: number,
    stride: number,
    x: number,
    list: number,
    dim: number,
    scale: number,
    scratch: number,
  ): void;
  /** Says where the scratch of the three functions below lies. */
  place(
    depth: number,
    zeros: number,
    panels: number,
    listed: number,
    scratch: number,
    weights: number,
    columns: number,
    panel: number,
    matrix: number,
    matrixPoints: number,
    keptPoints: number,
  ): void;
  matrixOf(
    z: number,
    norms: number,
    list: number,
    n: number,
    depth: number,
    x: number,
    dim: number,
    scale: number,
  ): void;
  mergeRows(
    z: number,
    norms: number,
    list: number,
    n: number,
    depth: number,
    x: number,
    dim: number,
    scale: number,
    sizes: number,
    a: number,
    b: number,
    heights: number,
  ): void;
  /** How many merges. */
  mergeParts(
    z: number,
    norms: number,
    order: number,
    starts: number,
    count: number,
    depth: number,
    x: number,
    dim: number,
    scale: number,
    sizes: number,
    kept: number,
    homes: number,
    places: number,
    a: number,
    b: number,
    heights: number,
  ): number;
  meansOf(
    x: number,
    dim: number,
    scale: number,
    order: number,
    starts: number,
    count: number,
    sizes: number,
    mean: number,
    rows: number,
    z: number,
    depth: number,
    weights: number,
  ): void;
  offsets(
    x: number,
    dim: number,
    scale: number,
    order: number,
    starts: number,
    count: number,
    sizes: number,
    mean: number,
    homes: number,
    places: number,
    out: number,
  ): void;
  /** How many points, −1 where the log is not plain, −2 where it needs the ranks of ids: kernels/points.ts. */
  readPoints(head: number, length: number, rows: number, base: number): number;
}

/** As much of the WebAssembly API as is used here; neither Node's types nor ES2023 declare it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedMemory;
}

/** Memory that threads share; its buffer never moves. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** Which code the kernels run as: 128-bit SIMD everywhere, paired to 256 bits where the runtime can. */
export type KernelKind = 'simd128' | 'simd256';

interface Compiled {
  readonly module: object;
  readonly kind: KernelKind;
}

/** A module is compiled once per thread. */
const compiled: { own?: Compiled; shared?: Compiled } = {};

function compile(base64: string, imports: () => object): Compiled {
  const bytes = decode(base64);
  const narrow = new wasm.Module(bytes);
  const wide = compileWide(bytes, (copy) => new wasm.Module(copy));
  const same = wide !== undefined && agree(instantiate(narrow, imports()), instantiate(wide, imports()));
  return same ? { module: wide, kind: 'simd256' } : { module: narrow, kind: 'simd128' };
}

function instantiate(module: object, imports: object): SharedExports {
  return new wasm.Instance(module, imports).exports as SharedExports;
}

/** One instance with its own memory. */
export function createKernel(): KernelExports {
  compiled.own ??= compile(kernelBase64, () => ({}));
  return instantiate(compiled.own.module, {});
}

export function kernelKind(): KernelKind {
  compiled.own ??= compile(kernelBase64, () => ({}));
  return compiled.own.kind;
}

/** Node's own way to bytes where it is there: the loop takes ten times as long, in every thread. */
function decode(base64: string): Uint8Array {
  const { Buffer: node } = globalThis as { Buffer?: { from(text: string, encoding: 'base64'): Uint8Array } };
  if (node) return node.from(base64, 'base64');
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The kernels where the catalog lies. */
export interface SharedExports extends KernelExports {
  gather(rows: number, list: number, count: number, dim: number, out: number): void;
  nearPairs(rows: number, pairs: number, count: number, dim: number, most: number, out: number): void;
  /** Where the profile ends. */
  putColumns(columns: number, count: number, members: number, out: number): number;
  noteMembers(
    members: number,
    weights: number,
    count: number,
    factor: number,
    toItems: number,
    toUnits: number,
  ): void;
  addNoted(noted: number, units: number, count: number, sums: number): void;
}

/** The kernels over memory that is given to them. */
export function createSharedKernel(memory: SharedMemory): SharedExports {
  compiled.shared ??= compile(sharedBase64, () => ({ env: { memory: createSharedMemory(1, trialPages) } }));
  return instantiate(compiled.shared.module, { env: { memory } });
}

/** Pages that the self-test may grow a memory to. */
const trialPages = 16;

/** Memory of `bytes`, which grows to `most` pages at most: not at all unless that is said. */
export function createSharedMemory(bytes: number, most?: number): SharedMemory {
  const initial = Math.ceil(bytes / pageBytes);
  return new wasm.Memory({ initial, maximum: most ?? initial, shared: true });
}

export const pageBytes = 65536;

/** Grows the kernel's memory to hold `bytes`; views of its buffer made before are void if it had to. */
export function reserve({ memory }: KernelExports, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  if (missing > 0) memory.grow(missing);
}
