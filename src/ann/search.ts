/** The nearest rows to a query, nearest first; ties by the lower row. */
export interface Neighbors {
  readonly rows: Uint32Array;
  /** 1 − ‖q − x‖²/2, which on unit vectors is the cosine. */
  readonly scores: Float32Array;
}

/** Nearest-neighbour search over the live rows of a matrix. Every implementation passes test/contract/search.ts. */
export interface VectorSearch {
  /** Live rows: the most that a search can return. */
  readonly size: number;
  /** `min(k, size)` neighbours. `query`: dim numbers. */
  search(query: Float32Array, k: number): Neighbors;
}
