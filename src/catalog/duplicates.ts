import { allocateVectors, blockRows, createScan, type Scan } from '../math/vectors.js';
import { type Rows, type Sketches, sketchRows, sketchSlack } from './sketch.js';

export interface Duplicates {
  /** Per place of the order: the place of the row that is kept instead, −1 where the row itself is kept. */
  readonly keeper: Int32Array;
  /** Per place: the cosine to its keeper, 0 where kept. */
  readonly cosine: Float64Array;
}

export interface DuplicateOptions {
  /** Rows whose cosine is at least this are near-duplicates. Range: 0 < cosine ≤ 1. */
  readonly cosine: number;
  /** Hears how many of all pairs have been decided; may throw to stop. Called a few times per second. */
  readonly onStep?: (done: number, total: number) => Promise<void>;
}

/** Rows compared with all kept ones before the event loop turns. */
const stepRows = 64;

/**
 * What: of near-duplicates, the first in the order is kept: a row is left out where an earlier kept row has a cosine of at
 * least the threshold. Its keeper is the nearest such row, of equals the earlier one.
 * Source: algorithm.md §4 (paper: near-duplicates are left out before indexing; its rule is not published).
 * Convention: rows that are left out decide nothing, so a chain of small steps does not vanish into its first member.
 * Shapes and units: cosines in float64 of float32 rows, also where rows are not of norm 1.
 * Preconditions and errors: no row is zero.
 * Time and memory: O(rows · kept) short products in SIMD and as many whole ones as sketches leave unclear; exact.
 * Checked by: test/catalog/duplicates.test.ts (against all pairs).
 */
export async function findDuplicates(rows: Rows, options: DuplicateOptions): Promise<Duplicates> {
  const { order } = rows;
  const scan = new KeptScan(rows, options.cosine);
  const total = order.length ** 2 / 2;
  for (let from = 0; from < order.length; from += stepRows) {
    const to = Math.min(order.length, from + stepRows);
    scan.decide(from, to);
    await options.onStep?.(to ** 2 / 2, total);
  }
  return { keeper: scan.keeper, cosine: scan.best };
}

class KeptScan {
  readonly keeper: Int32Array;
  /** Per place: the highest cosine found so far to a kept row, 0 for none that reaches the threshold. */
  readonly best: Float64Array;
  private readonly rows: Rows;
  private readonly threshold: number;
  private readonly sketches: Sketches;
  /** Sketches of kept rows, side by side, and their places. */
  private readonly kept: Float32Array;
  private readonly places: Uint32Array;
  private readonly scan: Scan;
  private count = 0;
  private readonly norms: Float64Array;

  constructor(rows: Rows, threshold: number) {
    this.rows = rows;
    this.threshold = threshold;
    this.sketches = sketchRows(rows, threshold);
    this.keeper = new Int32Array(rows.order.length).fill(-1);
    this.best = new Float64Array(rows.order.length);
    this.kept = allocateVectors(rows.order.length, this.sketches.width);
    this.scan = createScan(this.kept, this.sketches.width);
    this.places = new Uint32Array(rows.order.length);
    this.norms = Float64Array.from(rows.order, (row) => Math.sqrt(product(rows, row, row)));
  }

  /** Decides places from … to − 1, all earlier ones being decided. */
  decide(from: number, to: number): void {
    const before = this.count;
    for (let tile = 0; tile < before; tile += blockRows) {
      const end = Math.min(before, tile + blockRows);
      for (let place = from; place < to; place++) this.compare(place, tile, end);
    }
    for (let place = from; place < to; place++) {
      this.compare(place, before, this.count);
      if (this.keeper[place] < 0) this.keep(place);
    }
  }

  private keep(place: number): void {
    const { width, values } = this.sketches;
    this.kept.set(values.subarray(place * width, (place + 1) * width), this.count * width);
    this.places[this.count++] = place;
  }

  /** Compares a row with the kept ones from … to − 1. */
  private compare(place: number, from: number, to: number): void {
    const { width, values } = this.sketches;
    const limit = this.threshold - sketchSlack;
    const products = this.scan(values.subarray(place * width, (place + 1) * width), from, to - from);
    for (let i = 0; i < products.length; i++)
      if (products[i] >= limit) this.measure(place, this.places[from + i]);
  }

  private measure(place: number, other: number): void {
    const { order } = this.rows;
    const cosine = product(this.rows, order[place], order[other]) / (this.norms[place] * this.norms[other]);
    if (cosine < this.threshold || cosine <= this.best[place]) return;
    this.best[place] = cosine;
    this.keeper[place] = other;
  }
}

function product({ vectors, dim }: Rows, a: number, b: number): number {
  let sum = 0;
  for (let k = 0, i = a * dim, j = b * dim; k < dim; k++, i++, j++) sum += vectors[i] * vectors[j];
  return sum;
}
