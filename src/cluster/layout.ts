/** Where everything of one run lies in the kernel's memory: byte offsets (kernels/ says what each holds). */
export interface Layout {
  /** Points there is room for. */
  readonly points: number;
  /** Actions there is room for. */
  readonly actions: number;
  /** Numbers in a centred row: dim rounded up to 32. */
  readonly depth: number;
  readonly end: number;
  readonly x: number;
  /** The centred rows. */
  readonly z: number;
  readonly mean: number;
  readonly zeros: number;
  /** A cluster's mean, while offsets from it are measured. */
  readonly centre: number;
  readonly energy: number;
  readonly norms: number;
  /** Norms of the rows of one matrix, in its order. */
  readonly listed: number;
  readonly halves: number;
  readonly parents: number;
  readonly members: number;
  readonly tile: number;
  readonly sizes: number;
  readonly weights: number;
  readonly columns: number;
  readonly a: number;
  readonly b: number;
  readonly heights: number;
  readonly order: number;
  readonly starts: number;
  readonly offsets: number;
  /** Distances inside small components, and where those of each point are. */
  readonly kept: number;
  readonly homes: number;
  readonly places: number;
  readonly actionOffsets: number;
  readonly times: number;
  readonly actionWeights: number;
  readonly counts: number;
  readonly lasts: number;
  readonly sums: number;
  readonly panels: number;
  /** Eight packed rows. */
  readonly panel: number;
  /** The matrix, or all rows packed where there are too many for one. */
  readonly matrix: number;
}

/** Above this many points the full matrix (n² float32) is not kept: 8,192² × 4 bytes are 256 MiB. */
export const maxMatrixPoints = 8192;

/** Components of at most so many points, a multiple of 8, have their distances kept for the choice of medoids. */
export const keptPoints = 40;

/** The longest row where coordinates are integers: they stay below 16 bits, products of rows below 31. */
export const longest = 32000;

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Rows come first, so that room for more actions leaves them where they are. */
export function layOut(
  start: number,
  { points, actions }: Pick<Layout, 'points' | 'actions'>,
  dim: number,
  matrixPoints: number,
): Layout {
  let end = start;
  const room = (bytes: number): number => {
    const at = roundUp(end, 64);
    end = at + bytes;
    return at;
  };
  const depth = roundUp(dim, 32);
  const padded = roundUp(points, 8);
  const matrixRows = Math.min(padded, roundUp(matrixPoints, 8));
  const layout = {
    points,
    actions,
    depth,
    x: room(points * dim * 4),
    z: room(points * depth * 4),
    mean: room(depth * 4),
    zeros: room(depth * 4),
    centre: room(depth * 4),
    energy: room(depth * 4),
    norms: room(padded * 4),
    listed: room(padded * 4),
    halves: room(padded * 4),
    parents: room(padded * 4),
    members: room(padded * 4),
    tile: room(1024),
    sizes: room(padded * 4),
    weights: room(padded * 4),
    columns: room(12 * padded * 4),
    a: room(points * 4),
    b: room(points * 4),
    heights: room(points * 8),
    order: room(points * 4),
    starts: room((points + 1) * 4),
    offsets: room(points * 4),
    kept: room(points * keptPoints * 4),
    homes: room(points * 4),
    places: room(points * 4),
    actionOffsets: room((points + 1) * 4),
    times: room(actions * 8),
    actionWeights: room(actions * 8),
    counts: room(points * 4),
    lasts: room(points * 8),
    sums: room(points * 8),
    panels: room(padded * (depth * 4 + 8)),
    panel: room(depth * 32),
    matrix: room(Math.max(Math.max(64, matrixRows) ** 2, points > matrixPoints ? padded * depth : 0) * 4),
  };
  return { ...layout, end };
}
