import { kernelBase64 } from './kernel.wasm.js';

/**
 * The WebAssembly SIMD kernels (kernels/), embedded in the package: no file, no download, the same module in Node, a
 * worker thread and a browser. Pointers are byte offsets into `memory`; what they hold is said in kernels/.
 */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  heapBase(): number;
  centre(x: number, n: number, dim: number, scale: number, mean: number, gap: number, depth: number): number;
  pack(
    x: number,
    list: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    gap: number,
    depth: number,
    panels: number,
    norms: number,
  ): void;
  measure(
    x: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    norms: number,
    energy: number,
  ): void;
  quantize(
    x: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    gap: number,
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
  largest(values: number, n: number): number;
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
  weigh(d: number, stride: number, n: number, sizes: number): void;
  chain(
    d: number,
    stride: number,
    n: number,
    sizes: number,
    columns: number,
    a: number,
    b: number,
    heights: number,
  ): void;
  centred(
    x: number,
    list: number,
    n: number,
    dim: number,
    scale: number,
    mean: number,
    depth: number,
    out: number,
  ): void;
  meansChain(
    means: number,
    depth: number,
    n: number,
    sizes: number,
    columns: number,
    a: number,
    b: number,
    heights: number,
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
    out: number,
  ): void;
}

/** As much of the WebAssembly API as is used here; neither Node's types nor ES2023 declare it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

let compiled: object | undefined;

/** One instance with its own memory. The module is compiled once per thread. */
export function createKernel(): KernelExports {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  compiled ??= new Module(decode(kernelBase64));
  return new Instance(compiled, {}).exports as KernelExports;
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

const pageBytes = 65536;

/** Grows the kernel's memory to hold `bytes`; views of its buffer made before are void if it had to. */
export function reserve({ memory }: KernelExports, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  if (missing > 0) memory.grow(missing);
}
