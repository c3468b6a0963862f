import { PinnersageError } from '../errors.js';
import type { CsrMatrix } from '../math/sparse.js';
import { truncatedSvd } from '../math/svd.js';
import { dayMs } from '../model/action.js';
import type { ItemKey } from '../model/item.js';
import { checkInteger, checkNumber } from './check.js';
import { PairSums, type PairTable } from './pairs.js';
import { unitRows } from './rows.js';

/**
 * Visits users one after the other, each with the actions that count, by rising time: the first `length` entries of
 * both columns, which may be used again after the visit. The same users in the same order each time it is called.
 */
export type UserScan = (visit: (items: Uint32Array, times: Float64Array, length: number) => void) => void;

export interface ActionEmbeddingOptions {
  /** Dimensions wanted, an integer from 1 to 4096. Fewer come back where the matrix has a lower rank. */
  readonly dim: number;
  /** Seed of the random projection, a safe integer ≥ 0. */
  readonly seed: number;
  /** Nothing after this instant is read. Epoch milliseconds. Default: no cut. */
  readonly untilMs?: number;
  /**
   * Two items of a user belong together when their first actions are at most this far apart. Unit: days. Range: > 0,
   * or 'all' (default). Effect: shorter keeps to one visit's mood and finds fewer pairs.
   */
  readonly windowDays?: number | 'all';
  /**
   * An item is paired with this many that follow it, at most. Range: integer ≥ 1. Default: 100. Effect: bounds time
   * and memory, which are linear in it, and what one busy user can say.
   */
  readonly neighbors?: number;
  /**
   * A pair of a user with n items weighs n^−damping. Range: 0 to 1. Default: 0.5. Effect: at 0 all pairs count the
   * same, so busy users decide; at 1 all actions count the same.
   */
  readonly damping?: number;
  /** Users an item needs. Range: integer ≥ 1. Default: 2. Effect: more leaves out items of which little is known. */
  readonly minUsers?: number;
  /** ln(shift) is taken off every PMI. Range: ≥ 1. Default: 1. Effect: higher keeps only strong pairs. */
  readonly shift?: number;
  /** Exponent of the context distribution. Range: > 0 to 1. Default: 0.75. Effect: lower favours rare contexts less. */
  readonly smoothing?: number;
  /** Power iterations of the decomposition, an integer from 0 to 30. Default: 2. More is slower and more exact. */
  readonly powerIterations?: number;
  /** Pairs held at once; above, the lighter half is forgotten. Range: integer ≥ 1000. Default: 20,000,000 (0.6 GB). */
  readonly maxPairs?: number;
  readonly onProgress?: (phase: 'count' | 'pair' | 'decompose', done: number, total: number | null) => void;
}

export interface ActionEmbedding {
  /** Item keys, ascending, one per vector. */
  readonly keys: Uint32Array;
  /** keys.length × dim, row-major, every row of length 1. */
  readonly vectors: Float32Array;
  /** min(options.dim, rank). */
  readonly dim: number;
  /** Items with an action up to the cut, and how many of them got no vector. */
  readonly items: number;
  readonly skipped: number;
  /** Users with at least two items up to the cut. */
  readonly users: number;
  /** Distinct pairs in use, and how many were forgotten for want of room. */
  readonly pairs: number;
  readonly forgotten: number;
  /** Users per item, parallel to `keys`. */
  readonly usersOf: Uint32Array;
}

const defaults = {
  untilMs: Number.POSITIVE_INFINITY,
  windowDays: 'all',
  neighbors: 100,
  damping: 0.5,
  minUsers: 2,
  shift: 1,
  smoothing: 0.75,
  powerIterations: 2,
  maxPairs: 20_000_000,
} as const;

type Resolved = Required<Omit<ActionEmbeddingOptions, 'onProgress'>> &
  Pick<ActionEmbeddingOptions, 'onProgress'>;

/**
 * What: embeddings of items from who acted on what, and when: shifted positive pointwise mutual information of items
 * that a user acted on within a window, then a truncated SVD.
 * Source: Levy, Goldberg, Dagan 2015, doi:10.1162/tacl_a_00134 (PPMI, its shift and context-distribution smoothing, and
 *   the SVD with square-rooted singular values); items in place of words as in Barkan and Koenigstein 2016,
 *   arXiv:1603.04259.
 * Convention: c(a, b) = Σ n_u^−damping over the users u in whose history a and b are a pair; M(a, b) = max(0,
 *   ln(c(a, b) · Σ_x C(x)^s / (C(a) · C(b)^s)) − ln shift) with C(a) = Σ_b c(a, b) and s = smoothing. A row is U · √S of
 *   M, normalised. An item counts once per user, at its first action up to the cut.
 * Shapes and units: vectors is keys × dim.
 * Preconditions and errors: `option-invalid`; times finite and rising within a user.
 * Time and memory: two scans; O(actions · neighbors) pairs, 12 to 29 bytes per pair held and 16 per pair used;
 *   (items) · (dim + 10) float64 for the SVD.
 * Departures: pairs are unordered; the damping of busy users.
 * Checked by: test/embed/actions.test.ts (golden values of NumPy and SciPy, test/golden/coengagement.py; the cut).
 */
export function embedActions(users: UserScan, options: ActionEmbeddingOptions): ActionEmbedding {
  const resolved = resolve(options);
  const counted = countItems(users, resolved);
  const sums = sumPairs(users, counted, resolved);
  const matrix = ppmi(sums, counted.keys.length, resolved);
  const svd = truncatedSvd(matrix, {
    rank: resolved.dim,
    seed: resolved.seed,
    powerIterations: resolved.powerIterations,
    onStep: (done, total) => resolved.onProgress?.('decompose', done, total),
  });
  const rows = unitRows(svd.u, svd.singularValues, counted.keys, leastExplained);
  return {
    ...rows,
    dim: svd.rank,
    items: counted.items,
    skipped: counted.items - rows.keys.length,
    users: counted.users,
    pairs: sums.size,
    forgotten: sums.forgotten,
    usersOf: Uint32Array.from(rows.keys, (key) => counted.usersOf[counted.place.get(key) ?? 0]),
  };
}

/** Squared length of a row in the kept directions, in units of PMI², below which it is noise. */
const leastExplained = 1e-9;

function resolve(options: ActionEmbeddingOptions): Resolved {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: Resolved = { ...defaults, ...options, ...Object.fromEntries(given) };
  checkInteger('dim', resolved.dim, 1, 4096);
  checkInteger('seed', resolved.seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('neighbors', resolved.neighbors, 1, 1_000_000);
  checkInteger('minUsers', resolved.minUsers, 1, 2 ** 32);
  checkInteger('powerIterations', resolved.powerIterations, 0, 30);
  checkInteger('maxPairs', resolved.maxPairs, 1000, 2 ** 28);
  checkNumber('damping', resolved.damping, 0, 1);
  checkNumber('shift', resolved.shift, 1, Number.MAX_VALUE);
  checkNumber('smoothing', resolved.smoothing, 0, 1, true);
  if (resolved.windowDays !== 'all')
    checkNumber('windowDays', resolved.windowDays, 0, Number.MAX_VALUE, true);
  return resolved;
}

interface Counted {
  /** Items that at least `minUsers` users acted on, ascending. */
  readonly keys: Uint32Array;
  readonly usersOf: Uint32Array;
  readonly place: ReadonlyMap<ItemKey, number>;
  readonly items: number;
  readonly users: number;
}

/** The distinct items of one user up to the cut with their first times, in order: written over for each user. */
class History {
  items: number[] = [];
  times: number[] = [];
  private readonly seen = new Set<ItemKey>();

  read(items: Uint32Array, times: Float64Array, length: number, untilMs: number): this {
    this.items = [];
    this.times = [];
    this.seen.clear();
    for (let i = 0; i < length && times[i] <= untilMs; i++) {
      if (this.seen.has(items[i])) continue;
      this.seen.add(items[i]);
      this.items.push(items[i]);
      this.times.push(times[i]);
    }
    return this;
  }
}

function countItems(scan: UserScan, { untilMs, minUsers, onProgress }: Resolved): Counted {
  const usersOf = new Map<ItemKey, number>();
  const history = new History();
  let users = 0;
  let visited = 0;
  scan((items, times, length) => {
    const read = history.read(items, times, length, untilMs);
    for (const item of read.items) usersOf.set(item, (usersOf.get(item) ?? 0) + 1);
    if (read.items.length > 1) users++;
    if (++visited % progressStep === 0) onProgress?.('count', visited, null);
  });
  const keys = Uint32Array.from(usersOf.keys())
    .filter((item) => (usersOf.get(item) ?? 0) >= minUsers)
    .sort();
  if (keys.length > 2 ** 26)
    throw new PinnersageError(
      'option-invalid',
      `got ${keys.length} items with actions, expected at most 2^26`,
    );
  return {
    keys,
    usersOf: Uint32Array.from(keys, (item) => usersOf.get(item) ?? 0),
    place: new Map(Array.from(keys, (item, place) => [item, place])),
    items: usersOf.size,
    users,
  };
}

const progressStep = 1000;

function sumPairs(scan: UserScan, { keys, place }: Counted, options: Resolved): PairTable {
  const { untilMs, windowDays, neighbors, damping, maxPairs, onProgress } = options;
  const longestMs = windowDays === 'all' ? Number.POSITIVE_INFINITY : windowDays * dayMs;
  const sums = new PairSums(keys.length, maxPairs);
  const history = new History();
  let visited = 0;
  scan((rows, instants, length) => {
    const { items, times } = history.read(rows, instants, length, untilMs);
    const weight = items.length ** -damping;
    for (let i = 0; i < items.length; i++) {
      const a = place.get(items[i]);
      const end = Math.min(items.length, i + 1 + neighbors);
      for (let j = i + 1; a !== undefined && j < end && times[j] - times[i] <= longestMs; j++) {
        const b = place.get(items[j]);
        if (b !== undefined) sums.add(a, b, weight);
      }
    }
    if (++visited % progressStep === 0) onProgress?.('pair', visited, null);
  });
  return sums;
}

/** The positive entries of M, by rows. */
function ppmi(sums: PairTable, n: number, { shift, smoothing }: Resolved): CsrMatrix {
  const totals = new Float64Array(n);
  sums.each((a, b, weight) => {
    totals[a] += weight;
    totals[b] += weight;
  });
  const contexts = totals.map((total) => total ** smoothing);
  const scale = contexts.reduce((sum, context) => sum + context, 0) / shift;
  const pmi = (a: number, b: number, weight: number): number =>
    Math.log((weight * scale) / (totals[a] * contexts[b]));
  const rowStart = new Uint32Array(n + 1);
  sums.each((a, b, weight) => {
    if (pmi(a, b, weight) > 0) rowStart[a + 1]++;
    if (pmi(b, a, weight) > 0) rowStart[b + 1]++;
  });
  for (let row = 0; row < n; row++) rowStart[row + 1] += rowStart[row];
  const columns = new Uint32Array(rowStart[n]);
  const values = new Float32Array(rowStart[n]);
  const next = rowStart.slice(0, n);
  const put = (a: number, b: number, value: number): void => {
    if (!(value > 0)) return;
    columns[next[a]] = b;
    values[next[a]++] = value;
  };
  sums.each((a, b, weight) => {
    put(a, b, pmi(a, b, weight));
    put(b, a, pmi(b, a, weight));
  });
  return { rows: n, cols: n, rowStart, columns, values };
}
