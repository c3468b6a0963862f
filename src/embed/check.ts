import { PinnersageError } from '../errors.js';

/** @throws `option-invalid`. */
export function checkInteger(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  refuse(name, value, `an integer from ${low} to ${high}`);
}

/** A finite number within [low, high], or (low, high] where it is `open` below. @throws `option-invalid`. */
export function checkNumber(name: string, value: number, low: number, high: number, open = false): void {
  if (Number.isFinite(value) && (open ? value > low : value >= low) && value <= high) return;
  const least = open ? `> ${low}` : `≥ ${low}`;
  refuse(
    name,
    value,
    high === Number.MAX_VALUE ? `a finite number ${least}` : `a number ${least} and ≤ ${high}`,
  );
}

function refuse(name: string, value: number, expected: string): never {
  throw new PinnersageError('option-invalid', `${name}: got ${value}, expected ${expected}`);
}
