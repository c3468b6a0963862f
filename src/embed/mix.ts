import { leftSingular } from '../math/svd.js';
import { checkInteger, checkNumber } from './check.js';
import type { UnitRows } from './rows.js';

/** One of the embeddings that are mixed: unit rows. */
export interface MixPart extends UnitRows {
  readonly dim: number;
}

export interface MixOptions {
  /** Dimensions wanted, an integer from 1 to 4096; at most those of both parts together. */
  readonly dim: number;
  /**
   * What co-engagement says, against text. Range: 0 to 1. Default: 0.5. Effect: at 0 only text counts, at 1 only
   * co-engagement.
   */
  readonly actionWeight?: number;
  /**
   * An item that n users acted on counts n / (n + confidence) of its co-engagement. Unit: users. Range: ≥ 0. Default: 5.
   * Effect: higher trusts rare items' text more.
   */
  readonly confidence?: number;
}

export interface Mixed extends UnitRows {
  readonly dim: number;
  /** Items with text only, with actions only, and with both. */
  readonly textOnly: number;
  readonly actionsOnly: number;
  readonly both: number;
}

const defaults = { actionWeight: 0.5, confidence: 5 } as const;

/**
 * What: one embedding of two: rows (√(1−w) · t, √w · c · a), of which the leading directions are kept; w the weight and c
 * the confidence of co-engagement. An item that one part lacks has zeros there: it keeps the other part, and lies where
 * that part alone would lie within the mix.
 * Source: concatenation and principal directions (not centred), Eckart and Young 1936, doi:10.1007/BF02288367.
 * Convention: kept are the projections X · V with their lengths, then every row is scaled to length 1; of each direction
 *   the entry of largest magnitude (the first of equals) is positive. Where `dim` is no less than what both parts have
 *   together nothing is lost and no direction is turned.
 * Shapes and units: vectors is keys × dim; keys ascend.
 * Preconditions and errors: rows of length 1, keys distinct; `option-invalid`.
 * Time and memory: O(N D² + D³), D the dimensions of both parts; N · D float32 and D² float64.
 * Departures: none.
 * Checked by: test/embed/mix.test.ts (golden values of NumPy, test/golden/coengagement.py).
 */
export function mixEmbeddings(
  text: MixPart,
  actions: MixPart & { readonly usersOf: Uint32Array },
  options: MixOptions,
): Mixed {
  const { dim, actionWeight = defaults.actionWeight, confidence = defaults.confidence } = options;
  checkInteger('dim', dim, 1, 4096);
  checkNumber('actionWeight', actionWeight, 0, 1);
  checkNumber('confidence', confidence, 0, Number.MAX_VALUE);
  const keys = Uint32Array.from(new Set([...text.keys, ...actions.keys])).sort();
  const width = text.dim + actions.dim;
  const rows = new Float32Array(keys.length * width);
  const place = new Map(Array.from(keys, (key, row) => [key, row]));
  const put = (part: MixPart, at: number, scale: (i: number) => number): void => {
    part.keys.forEach((key, i) => {
      const to = (place.get(key) ?? 0) * width + at;
      const factor = scale(i);
      for (let j = 0; j < part.dim; j++) rows[to + j] = factor * part.vectors[i * part.dim + j];
    });
  };
  put(text, 0, () => Math.sqrt(1 - actionWeight));
  put(actions, text.dim, (i) => {
    const users = actions.usersOf[i];
    return Math.sqrt(actionWeight) * (users / (users + confidence));
  });
  const both = text.keys.length + actions.keys.length - keys.length;
  const kept = dim < width ? leading(rows, width, dim) : rows;
  return {
    ...scaled(keys, kept, Math.min(dim, width)),
    dim: Math.min(dim, width),
    textOnly: text.keys.length - both,
    actionsOnly: actions.keys.length - both,
    both,
  };
}

/** Projections on the `count` leading directions of the rows. */
function leading(rows: Float32Array, width: number, count: number): Float32Array {
  const { vectors } = leftSingular(gram(rows, width), width);
  for (let j = 0; j < count; j++) makePositive(vectors.subarray(j * width, (j + 1) * width));
  const n = rows.length / width;
  const out = new Float32Array(n * count);
  for (let row = 0; row < n; row++) {
    for (let j = 0; j < count; j++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += rows[row * width + i] * vectors[j * width + i];
      out[row * count + j] = sum;
    }
  }
  return out;
}

function makePositive(direction: Float64Array): void {
  let largest = 0;
  for (const x of direction) if (Math.abs(x) > Math.abs(largest)) largest = x;
  if (largest < 0) for (let i = 0; i < direction.length; i++) direction[i] = -direction[i];
}

/** XᵀX. */
function gram(rows: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width * width);
  for (let at = 0; at < rows.length; at += width) {
    for (let i = 0; i < width; i++) {
      const x = rows[at + i];
      if (x !== 0) for (let j = 0; j <= i; j++) sums[i * width + j] += x * rows[at + j];
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) sums[j * width + i] = sums[i * width + j];
  return sums;
}

/** Every row at length 1; rows of which nothing is left are left out. */
function scaled(keys: Uint32Array, rows: Float32Array, dim: number): UnitRows {
  const kept = new Uint32Array(keys.length);
  let count = 0;
  for (let row = 0; row < keys.length; row++) {
    let squared = 0;
    for (let j = 0; j < dim; j++) squared += rows[row * dim + j] ** 2;
    if (!(squared > leastSquared)) continue;
    const scale = 1 / Math.sqrt(squared);
    for (let j = 0; j < dim; j++) rows[count * dim + j] = rows[row * dim + j] * scale;
    kept[count++] = keys[row];
  }
  return { keys: kept.slice(0, count), vectors: rows.slice(0, count * dim) };
}

/** A row of which the directions keep less is noise. */
const leastSquared = 1e-9;
