/**
 * A sparse matrix by rows, and its products with tall dense matrices.
 *
 * Shapes: dense matrices are row-major Float64Array, `k` columns wide. Accumulation is in float64, in storage order,
 * so that the same input gives the same bits. Time: O(nnz · k). Memory: nothing is allocated.
 */
export interface CsrMatrix {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1 offsets into `columns` and `values`. */
  readonly rowStart: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
}

/** out (rows × k) = A · x, with x of shape cols × k. */
export function multiply(a: CsrMatrix, x: Float64Array, k: number, out: Float64Array): void {
  out.fill(0, 0, a.rows * k);
  for (let row = 0; row < a.rows; row++) {
    const to = row * k;
    for (let p = a.rowStart[row]; p < a.rowStart[row + 1]; p++) {
      const from = a.columns[p] * k;
      const value = a.values[p];
      for (let j = 0; j < k; j++) out[to + j] += value * x[from + j];
    }
  }
}

/** out (cols × k) = Aᵀ · y, with y of shape rows × k. */
export function multiplyTransposed(a: CsrMatrix, y: Float64Array, k: number, out: Float64Array): void {
  out.fill(0, 0, a.cols * k);
  for (let row = 0; row < a.rows; row++) {
    const from = row * k;
    for (let p = a.rowStart[row]; p < a.rowStart[row + 1]; p++) {
      const to = a.columns[p] * k;
      const value = a.values[p];
      for (let j = 0; j < k; j++) out[to + j] += value * y[from + j];
    }
  }
}

/** Σ a_ij². */
export function squaredNorm(a: CsrMatrix): number {
  let sum = 0;
  for (const value of a.values) sum += value * value;
  return sum;
}

export interface CsrBuilder {
  /** Appends a row given as column → value, scaled to length 1; at least one value must not be 0. */
  addUnitRow(row: ReadonlyMap<number, number>): void;
  finish(): CsrMatrix;
}

/** Collects a sparse matrix row by row; memory at most three times that of the result. */
export function createCsrBuilder(cols: number): CsrBuilder {
  let rowStart = new Uint32Array(1024);
  let columns = new Uint32Array(65_536);
  let values = new Float32Array(65_536);
  let rows = 0;
  let entries = 0;

  function addUnitRow(row: ReadonlyMap<number, number>): void {
    if (rows + 2 > rowStart.length) rowStart = grown(rowStart, new Uint32Array(2 * rowStart.length));
    while (entries + row.size > columns.length) {
      columns = grown(columns, new Uint32Array(2 * columns.length));
      values = grown(values, new Float32Array(2 * values.length));
    }
    let squared = 0;
    for (const value of row.values()) squared += value * value;
    const scale = 1 / Math.sqrt(squared);
    for (const column of Uint32Array.from(row.keys()).sort()) {
      columns[entries] = column;
      values[entries++] = row.get(column)! * scale;
    }
    rowStart[++rows] = entries;
  }

  const finish = (): CsrMatrix => ({
    rows,
    cols,
    rowStart: rowStart.slice(0, rows + 1),
    columns: columns.slice(0, entries),
    values: values.slice(0, entries),
  });
  return { addUnitRow, finish };
}

function grown<T extends Uint32Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
