/** The nearest rows to a query, nearest first; ties by the lower row. */
export interface Neighbors {
  readonly rows: Uint32Array;
  /** 1 − ‖q − x‖²/2, which on unit vectors is the cosine. */
  readonly scores: Float32Array;
}

/** Rows of a matrix, say those that a filter admits. */
export interface RowSet {
  /** 1 for each row of the set, else 0; as many entries as the matrix has rows. */
  readonly bits: Uint8Array;
  /** How many entries of `bits` are 1. */
  readonly count: number;
  /** The name of a pool that all of these rows are of: one that may have an index of its own. */
  readonly pool?: string;
}

/** Nearest-neighbour search over the live rows of a matrix. Every implementation passes test/contract/search.ts. */
export interface VectorSearch {
  /** Live rows: the most that a search can return. */
  readonly size: number;
  /**
   * The `k` nearest live rows, of `admit` only where it is given; fewer only where there are no more.
   * `query`: dim numbers. `k`: integer ≥ 0.
   */
  search(query: Float32Array, k: number, admit?: RowSet): Neighbors;
}
