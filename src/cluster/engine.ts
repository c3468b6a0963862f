import { createKernel, createSharedKernel, type KernelExports, reserve } from '../math/kernel.js';
import type { Workspace } from '../math/vectors.js';
import { checkNumbers } from './check.js';
import { keptPoints, type Layout, layOut } from './layout.js';

/** The kernel's memory for one clusterer: where things lie, and typed views of what TypeScript reads and writes. */
export interface Engine {
  readonly dim: number;
  readonly kernel: KernelExports;
  /** The largest run whose matrix is kept. */
  readonly matrixPoints: number;
  readonly start: number;
  /** The workspace it lies in; undefined where it has memory of its own, which grows. */
  readonly workspace: Workspace | undefined;
  layout: Layout;
  views: Views;
}

export interface Views {
  readonly x: Float32Array;
  readonly sizes: Float32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly heights: Float64Array;
  readonly order: Int32Array;
  readonly starts: Int32Array;
  readonly offsets: Float32Array;
  readonly energy: Float32Array;
  readonly parents: Int32Array;
  readonly actionOffsets: Uint32Array;
  readonly times: Float64Array;
  readonly actionWeights: Float64Array;
  readonly counts: Uint32Array;
  readonly lasts: Float64Array;
  readonly sums: Float64Array;
  readonly weights: Float32Array;
  /** The start of the matrix: room for the distances of a sample of 64 points. */
  readonly sample: Float32Array;
}

const leastRoom = { points: 64, actions: 64 };

/** In memory of its own, or in a workspace, which does not grow. Undefined where a workspace is too small to begin with. */
export function createEngine(dim: number, matrixPoints: number): Engine;
export function createEngine(dim: number, matrixPoints: number, workspace: Workspace): Engine | undefined;
export function createEngine(dim: number, matrixPoints: number, workspace?: Workspace): Engine | undefined {
  const kernel = workspace ? createSharedKernel(workspace.memory) : createKernel();
  const start = workspace?.start ?? kernel.heapBase();
  const layout = layOut(start, leastRoom, dim, matrixPoints);
  if (workspace && layout.end > workspace.end) return undefined;
  const engine = { dim, kernel, matrixPoints, start, workspace, layout };
  return { ...engine, views: takeRoom(engine) };
}

/**
 * Makes room for n points and their actions; all earlier views are void where it had to grow. False, and nothing changed, where a
 * workspace has no room for them.
 */
export function makeRoom(engine: Engine, n: number, actions = 0): boolean {
  const { layout, dim, matrixPoints, start, workspace } = engine;
  if (n <= layout.points && actions <= layout.actions) return true;
  const grown = (has: number, wants: number) => (wants <= has ? has : Math.max(wants, Math.ceil(has * 1.5)));
  for (const size of [
    { points: grown(layout.points, n), actions: grown(layout.actions, actions) },
    { points: Math.max(n, 1), actions: Math.max(actions, 1) },
  ]) {
    const larger = layOut(start, size, dim, matrixPoints);
    if (workspace && larger.end > workspace.end) continue;
    engine.layout = larger;
    engine.views = takeRoom(engine);
    return true;
  }
  return false;
}

/** Grows the memory to the layout and tells the kernel of it. */
function takeRoom({ kernel, layout, dim, matrixPoints, workspace }: Omit<Engine, 'views'>): Views {
  const { points, actions, depth, zeros, panels, listed, tile, weights, columns, panel, matrix } = layout;
  if (!workspace) reserve(kernel, layout.end);
  kernel.place(depth, zeros, panels, listed, tile, weights, columns, panel, matrix, matrixPoints, keptPoints);
  const { buffer } = workspace ?? kernel.memory;
  return {
    x: new Float32Array(buffer, layout.x, points * dim),
    sizes: new Float32Array(buffer, layout.sizes, points),
    a: new Int32Array(buffer, layout.a, points),
    b: new Int32Array(buffer, layout.b, points),
    heights: new Float64Array(buffer, layout.heights, points),
    order: new Int32Array(buffer, layout.order, points),
    starts: new Int32Array(buffer, layout.starts, points + 1),
    offsets: new Float32Array(buffer, layout.offsets, points),
    energy: new Float32Array(buffer, layout.energy, depth),
    parents: new Int32Array(buffer, layout.parents, points),
    actionOffsets: new Uint32Array(buffer, layout.actionOffsets, points + 1),
    times: new Float64Array(buffer, layout.times, actions),
    actionWeights: new Float64Array(buffer, layout.actionWeights, actions),
    counts: new Uint32Array(buffer, layout.counts, points),
    lasts: new Float64Array(buffer, layout.lasts, points),
    sums: new Float64Array(buffer, layout.sums, points),
    weights: new Float32Array(buffer, layout.weights, points),
    sample: new Float32Array(buffer, layout.matrix, 64 * 64),
  };
}

/** How the first n rows of `x` were centred. */
export interface Centred {
  readonly n: number;
  /**
   * The power of two by which all numbers are multiplied first: 1, unless float32 could not hold their squares.
   * Distances and heights come out multiplied by its square.
   */
  readonly scale: number;
  /** Where the centred rows are: `x` itself where centring would change nothing that counts. */
  readonly z: number;
  /** The largest squared norm of the centred rows. */
  readonly largest: number;
}

/** Squared norms outside these bounds would overflow or vanish in float32 products. */
const safeNorms = { least: 1e-16, most: 1e16 };

/** Rows whose mean holds no more than this share of their squared norms lose next to nothing without centring. */
const centredShare = 0.125;

/** Centres the first n rows, with their squared norms. */
export function centreRows(engine: Engine, n: number): Centred {
  const found = centred(engine, n, 1);
  const { largest } = found;
  if (largest >= safeNorms.least && largest <= safeNorms.most) return found;
  checkNumbers(engine.views.x, { n, dim: engine.dim });
  return centred(engine, n, scaleFor(engine.views.x.subarray(0, n * engine.dim)));
}

/** `largest` is NaN where a number is not finite or a sum overflows. */
function centred({ kernel, layout, dim }: Engine, n: number, scale: number): Centred {
  const { x, mean, depth, z, norms } = layout;
  if (!kernel.centre(x, n, dim, scale, mean, depth, norms)) return { n, scale, z, largest: Number.NaN };
  if (scale === 1 && dim === depth && kernel.shareOfMean(mean, depth, norms, n) <= centredShare)
    return { n, scale, z: x, largest: kernel.largest(norms, n) };
  return { n, scale, z, largest: kernel.shift(x, n, dim, scale, mean, depth, z, norms) };
}

/** The power of two that brings the largest number to [0.5, 1); 1 where all are zero. */
function scaleFor(x: Float32Array): number {
  let most = 0;
  for (const value of x) most = Math.max(most, Math.abs(value));
  if (most === 0) return 1;
  const exponent = Math.floor(Math.log2(most)) + 1;
  return 2 ** -Math.max(-120, Math.min(120, exponent));
}
