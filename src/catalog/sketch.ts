import { createRng } from '../math/rng.js';
import { truncatedSvd } from '../math/svd.js';

/** Short rows whose inner products are upper bounds of cosines. */
export interface Sketches {
  /** Numbers per row. */
  readonly width: number;
  /** rows × width, row-major, in the order of the rows asked for. */
  readonly values: Float32Array;
}

export interface Rows {
  /** row-major, `dim` numbers each. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** The rows that count, in their order. */
  readonly order: Uint32Array;
}

/** Rounding in the sketches and their products moves a bound by less than this. */
export const sketchSlack = 1e-5;

/** Widths that are tried; the last number of a sketch is what the others leave out. */
const widths = [8, 16, 32, 64];
/** Work beside a number of a sketch in SIMD: per pair, and per number of a whole product. Speed only. */
const fixedWork = 16;
const wholeFactor = 8;
const sampleRows = 1000;
const samplePairs = 2000;
const sampleSeed = 1;

/**
 * What: x·y ≤ z(x)·z(y) + slack for unit vectors x, y, with z = (P x, ‖x − PᵀP x‖) and orthonormal rows P (Cauchy-Schwarz on
 * what P leaves out): a few numbers prove most pairs farther apart than a cosine. [derived]
 * Convention: P are the leading directions of a seeded sample of the rows; the width with the least expected work is
 * taken, measured on random pairs. Short vectors are their own sketches.
 * Time and memory: O(rows · dim · width); rows · width float32.
 * Checked by: test/catalog/duplicates.test.ts (the bound, and against all pairs).
 */
export function sketchRows(rows: Rows, cosine: number): Sketches {
  const { dim, order } = rows;
  if (dim <= 2 * widths[0]) return { width: dim, values: project(rows, order, identity(dim), dim).z };
  const directions = leadingDirections(rows, Math.min(widths[widths.length - 1] - 1, dim >> 1));
  const width = cheapestWidth(rows, cosine, directions);
  const { z, beyond } = project(rows, order, directions.slice(0, width - 1), width);
  for (let i = 0; i < order.length; i++) z[i * width + width - 1] = beyond[i];
  return { width, values: z };
}

type Directions = readonly Float64Array[];

const identity = (dim: number): Directions =>
  Array.from({ length: dim }, (_, i) => Float64Array.from({ length: dim }, (_, j) => Number(i === j)));

/** Orthonormal; fewer than `count` where the rows span no more. */
function leadingDirections(rows: Rows, count: number): Directions {
  const { dim } = rows;
  const sample = drawRows(rows, Math.min(sampleRows, 2 * rows.order.length), createRng(sampleSeed).below);
  const values = new Float32Array(dim * sample.length);
  sample.forEach((row, j) => {
    const unit = unitRow(rows, row);
    for (let k = 0; k < dim; k++) values[k * sample.length + j] = unit[k];
  });
  const dense = {
    rows: dim,
    cols: sample.length,
    rowStart: Uint32Array.from({ length: dim + 1 }, (_, k) => k * sample.length),
    columns: Uint32Array.from(values, (_, at) => at % sample.length),
    values,
  };
  const { rank, u } = truncatedSvd(dense, { rank: count, seed: sampleSeed });
  return Array.from({ length: rank }, (_, j) =>
    Float64Array.from({ length: dim }, (_, k) => u[k * rank + j]),
  );
}

/** Work per pair: the sketch, and a whole product for pairs that it does not tell apart. */
function cheapestWidth(rows: Rows, cosine: number, directions: Directions): number {
  const { below } = createRng(sampleSeed + 1);
  const left = drawRows(rows, samplePairs, below);
  const right = drawRows(rows, samplePairs, below);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const width of widths) {
    if (width - 1 > directions.length) break;
    const used = directions.slice(0, width - 1);
    const a = project(rows, left, used, width);
    const b = project(rows, right, used, width);
    let unclear = 0;
    for (let i = 0; i < left.length; i++) {
      let bound = a.beyond[i] * b.beyond[i];
      for (let k = i * width; k < i * width + width - 1; k++) bound += a.z[k] * b.z[k];
      if (left[i] !== right[i] && bound >= cosine - sketchSlack) unclear++;
    }
    const work = width + fixedWork + (wholeFactor * rows.dim * unclear) / left.length;
    if (work < least) {
      least = work;
      best = width;
    }
  }
  return best || directions.length + 1;
}

function drawRows({ order }: Rows, count: number, below: (n: number) => number): Uint32Array {
  if (order.length === 0) return order;
  return Uint32Array.from({ length: count }, () => order[below(order.length)]);
}

/** z = P x in the first places of each sketch; `beyond` = ‖x − PᵀP x‖, rounded up. */
function project(
  rows: Rows,
  which: Uint32Array,
  directions: Directions,
  width: number,
): { z: Float32Array; beyond: Float32Array } {
  const z = new Float32Array(which.length * width);
  const beyond = new Float32Array(which.length);
  for (let i = 0; i < which.length; i++) {
    const unit = unitRow(rows, which[i]);
    let left = 1;
    for (let j = 0; j < directions.length; j++) {
      const direction = directions[j];
      let sum = 0;
      for (let k = 0; k < unit.length; k++) sum += unit[k] * direction[k];
      z[i * width + j] = sum;
      left -= sum * sum;
    }
    beyond[i] = Math.sqrt(Math.max(0, left) + 1e-12);
  }
  return { z, beyond };
}

function unitRow({ vectors, dim }: Rows, row: number): Float64Array {
  const unit = Float64Array.from(vectors.subarray(row * dim, (row + 1) * dim));
  let sum = 0;
  for (const x of unit) sum += x * x;
  const norm = Math.sqrt(sum);
  for (let k = 0; k < dim; k++) unit[k] /= norm;
  return unit;
}
