import { idProblem } from '../disk/ids.js';
import { shown } from '../errors.js';
import { depthRefusal } from '../files/jsonvalues.js';
import type { Refusal } from '../files/table.js';
import type { Metadata } from '../model/item.js';

/** Rounding the coordinates of a unit vector to float32 changes its norm by at most 2⁻²⁴. */
const roundingOfOne = 2 ** -23;

/** As far as vectors of this norm may lie apart, the square of it fits float32. */
const largestNorm = 1e18;

export function itemIdRefusal(id: string | null): Refusal | null {
  if (id === null) return { reason: 'item-id-missing', detail: 'got no item_id' };
  const problem = idProblem(id);
  return problem === null ? null : { reason: 'item-id-invalid', detail: `item_id: ${problem}` };
}

/**
 * The vector as it is stored: a copy, of norm 1 where the space is normalised, or why it cannot be.
 * `dim`: what the space has, or null where this vector decides it.
 */
export function prepareVector(
  raw: ArrayLike<number>,
  dim: number | null,
  normalized: boolean,
): { readonly vector: Float32Array } | Refusal {
  if (dim !== null && raw.length !== dim)
    return {
      reason: 'dimension-mismatch',
      detail: `embedding: got ${raw.length} dimensions, expected ${dim}`,
    };
  let largest = 0;
  for (let i = 0; i < raw.length; i++) {
    if (!Number.isFinite(raw[i]) || !Number.isFinite(Math.fround(raw[i])))
      return {
        reason: 'vector-not-finite',
        detail: `embedding: got ${shown(raw[i])} at place ${i}, expected finite float32 numbers`,
      };
    largest = Math.max(largest, Math.abs(raw[i]));
  }
  if (largest === 0)
    return { reason: 'vector-zero', detail: 'embedding: got all zeros, which has no direction' };
  const norm = normOf(raw, largest);
  if (normalized) return { vector: normalize(raw, norm) };
  if (norm > largestNorm)
    return {
      reason: 'vector-too-large',
      detail: `embedding: got norm ${norm.toPrecision(6)}, expected at most ${largestNorm.toExponential()}, for distances are squared in float32`,
    };
  return { vector: Float32Array.from(raw) };
}

/** Scaled by the largest number first, so that squares neither overflow nor vanish. */
function normOf(raw: ArrayLike<number>, largest: number): number {
  let sum = 0;
  for (let i = 0; i < raw.length; i++) sum += (raw[i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** What has norm 1 as float32 goes is left alone, so that a vector that was exported comes back to the last bit. */
function normalize(raw: ArrayLike<number>, norm: number): Float32Array {
  if (Math.abs(norm - 1) < roundingOfOne) return Float32Array.from(raw);
  const vector = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) vector[i] = raw[i] / norm;
  return vector;
}

/** Fields given as one object, as they are stored, or why they cannot be. `name`: of them all, for the reason. */
export function metadataOf(fields: unknown, name = 'metadata'): { readonly metadata: Metadata } | Refusal {
  const expected = 'expected an object of JSON values';
  const refusal = (problem: string): Refusal => ({
    reason: 'metadata-invalid',
    detail: `${name}: ${problem}, ${expected}`,
  });
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return refusal(`got ${shown(fields)}`);
  const tooDeep = depthRefusal(fields);
  if (tooDeep) return tooDeep;
  try {
    const metadata: unknown = JSON.parse(JSON.stringify(fields));
    const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
    return isObject
      ? { metadata: metadata as Metadata }
      : refusal(`got what JSON writes as ${shown(metadata)}`);
  } catch (error) {
    return refusal(error instanceof Error ? error.message.split('\n')[0] : String(error));
  }
}
