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

export function checkFinite(x: Float32Array | Float64Array, { n, dim }: Shape): void {
  for (let at = 0; at < n * dim; at++) {
    if (!Number.isFinite(x[at])) {
      const place = `row ${Math.floor(at / dim)}, column ${at % dim}`;
      throw new PinnersageError(
        'vector-invalid',
        `vectors: got ${x[at]} in ${place}, expected a finite number`,
      );
    }
  }
}

function fail(message: string): never {
  throw new PinnersageError('option-invalid', message);
}
