import { PinnersageError } from '../errors.js';

export interface Shape {
  /** Number of points. */
  readonly n: number;
  /** Numbers per point. */
  readonly dim: number;
}

export function checkShape(length: number, { n, dim }: Shape): void {
  if (!Number.isInteger(n) || n < 0) fail(`n: got ${n}, expected an integer ≥ 0`);
  if (!Number.isInteger(dim) || dim < 1) fail(`dim: got ${dim}, expected an integer ≥ 1`);
  if (length < n * dim) fail(`vectors: got ${length} numbers, expected ${n} × ${dim}`);
}

export function checkAlpha(alpha: number): void {
  if (!(alpha > 0)) fail(`alpha: got ${alpha}, expected a squared distance > 0`);
}

export function checkSizes(sizes: ArrayLike<number> | undefined, n: number): void {
  for (let i = 0; sizes !== undefined && i < n; i++) {
    if (!Number.isInteger(sizes[i]) || sizes[i] < 1) {
      fail(`sizes: got ${sizes[i]} at point ${i}, expected an integer ≥ 1`);
    }
  }
}

/** Checks that the runs of n points lie, in order, among so many actions. */
export function checkRuns(offsets: Uint32Array, n: number, actions: number): void {
  if (offsets.length !== n + 1) fail(`actionOffsets: got ${offsets.length} numbers, expected ${n + 1}`);
  for (let i = 0; i < n; i++) {
    if (offsets[i] > offsets[i + 1]) fail(`actionOffsets: got ${offsets[i + 1]} after ${offsets[i]}`);
  }
  if (offsets[n] > actions)
    fail(`actionOffsets: got ${offsets[n]} for ${actions} actions, expected at most as many`);
}

/** Sums of squares of such numbers, times sizes, are finite in float64. */
export const largestNumber = 1e145;

/** What is expected of a number that is none that can be clustered. */
export function expectedOf(x: number): string {
  return Number.isFinite(x)
    ? `at most ${largestNumber} either way, for distances are squared`
    : 'a finite number';
}

/** Checks that every number is finite, and its square too. */
export function checkNumbers(x: Float32Array | Float64Array, { n, dim }: Shape): void {
  for (let at = 0; at < n * dim; at++) {
    if (!(Math.abs(x[at]) <= largestNumber)) {
      const place = `row ${Math.floor(at / dim)}, column ${at % dim}`;
      throw new PinnersageError(
        'vector-invalid',
        `vectors: got ${x[at]} in ${place}, expected ${expectedOf(x[at])}`,
      );
    }
  }
}

function fail(message: string): never {
  throw new PinnersageError('option-invalid', message);
}
