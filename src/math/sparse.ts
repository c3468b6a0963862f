/**
 * A sparse matrix by rows, and its products with tall dense matrices.
 *
 * Shapes: dense matrices are row-major Float64Array, `k` columns wide. Accumulation is in float64, in storage order,
 * so that the same input gives the same bits. Time: O(nnz · k). Memory: products allocate nothing.
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
    const end = a.rowStart[row + 1];
    let p = a.rowStart[row];
    for (; p + 3 < end; p += 4) addFour(a, p, x, k, out, row * k);
    for (; p < end; p++) addOne(a, p, x, k, out, row * k);
  }
}

function addOne(
  { columns, values }: CsrMatrix,
  p: number,
  x: Float64Array,
  k: number,
  out: Float64Array,
  to: number,
): void {
  const from = columns[p] * k;
  const value = values[p];
  for (let j = 0; j < k; j++) out[to + j] += value * x[from + j];
}

/** Four entries at once, summed in their order: the same bits in a quarter of the writes. */
function addFour(
  { columns, values }: CsrMatrix,
  p: number,
  x: Float64Array,
  k: number,
  out: Float64Array,
  to: number,
): void {
  const [a, b, c, d] = [columns[p] * k, columns[p + 1] * k, columns[p + 2] * k, columns[p + 3] * k];
  const [va, vb, vc, vd] = [values[p], values[p + 1], values[p + 2], values[p + 3]];
  for (let j = 0; j < k; j++)
    out[to + j] = out[to + j] + va * x[a + j] + vb * x[b + j] + vc * x[c + j] + vd * x[d + j];
}

/** Aᵀ, the entries of each row in the order of the rows of A. */
export function transpose(a: CsrMatrix): CsrMatrix {
  const rowStart = new Uint32Array(a.cols + 1);
  const entries = a.rowStart[a.rows];
  for (let p = 0; p < entries; p++) rowStart[a.columns[p] + 1]++;
  for (let row = 0; row < a.cols; row++) rowStart[row + 1] += rowStart[row];
  const columns = new Uint32Array(entries);
  const values = new Float32Array(entries);
  const next = rowStart.slice(0, a.cols);
  for (let row = 0; row < a.rows; row++) {
    for (let p = a.rowStart[row]; p < a.rowStart[row + 1]; p++) {
      const at = next[a.columns[p]]++;
      columns[at] = row;
      values[at] = a.values[p];
    }
  }
  return { rows: a.cols, cols: a.rows, rowStart, columns, values };
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
