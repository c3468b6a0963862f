/** Rows at length 1 with the keys they belong to. */
export interface UnitRows {
  readonly keys: Uint32Array;
  /** keys.length × dim, row-major. */
  readonly vectors: Float32Array;
}

/** Rows of U · √S at length 1. One whose squared length in the kept directions, Σ (U · S)², is `least` or less is left out. */
export function unitRows(
  u: Float64Array,
  singularValues: Float64Array,
  keys: Uint32Array,
  least: number,
): UnitRows {
  const dim = singularValues.length;
  const vectors = new Float32Array(keys.length * dim);
  const kept = new Uint32Array(keys.length);
  let count = 0;
  for (let row = 0; row < keys.length; row++) {
    let explained = 0;
    let squared = 0;
    for (let j = 0; j < dim; j++) {
      const x = u[row * dim + j];
      squared += x * x * singularValues[j];
      explained += x * x * singularValues[j] * singularValues[j];
    }
    if (!(explained > least)) continue;
    const scale = 1 / Math.sqrt(squared);
    for (let j = 0; j < dim; j++) {
      vectors[count * dim + j] = u[row * dim + j] * Math.sqrt(singularValues[j]) * scale;
    }
    kept[count++] = keys[row];
  }
  return { keys: kept.slice(0, count), vectors: vectors.slice(0, count * dim) };
}
