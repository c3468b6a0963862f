import { availableParallelism } from 'node:os';
import { createClusterer } from '../cluster/clusterer.js';
import { PinnersageError } from '../errors.js';
import { clusteredPoints } from './points.js';

/** What a deployment is to carry. */
export interface SizingInput {
  readonly items: number;
  readonly users: number;
  /** Actions inside the window, all users together. */
  readonly actions: number;
  /** Dimensions. Default: 256. */
  readonly dim: number;
  /** Threads of the batch. Default: the cores of this machine. */
  readonly cores: number;
}

export interface Sizing extends SizingInput {
  /** Bytes in memory that a batch or a server needs for vectors, shared by all threads. */
  readonly vectorBytes: number;
  /** Bytes of an HNSW index, mapped. */
  readonly indexBytes: number;
  /** Bytes on disk: vectors, items, log, profiles and the index. */
  readonly diskBytes: number;
  /** Clustering of all users on `cores` threads, at the speed measured on this machine just now. */
  readonly batchSeconds: number;
  /** Points per user: mean, and what a user at the 99th percentile has. */
  readonly pointsPerUser: { readonly mean: number; readonly p99: number };
}

/** Bytes in LMDB, keys and pages included: of an action without event id and extras, and of an item with a short text. */
const actionBytes = 40;
const itemBytes = 400;
/** Values of profiles, as `src/store/codec.ts` lays them out, with what rounds them up to whole words. */
const profileBytes = { user: 61, interest: 33, point: 9 };
/** Low, since it is interests that take room: of two real logs 1.4 and 1.8, of users with well-parted tastes ten. */
const pointsPerInterest = 2;
/** Pages over the values in them: of the same logs 1.4 and 1.2. */
const profilePages = 1.25;
/** Links per item of the index and bytes of each, beside two bytes per dimension. */
const graphBytesPerItem = 9 * 16;

/** Spread of ln(actions per user): the demo's and near what real logs show. */
const logSpread = 1.16;
const quantiles = 200;
const measuredSizes: readonly number[] = [16, 64, 256, 1024];
const measureMs = 60;

/** @throws `option-invalid`. */
export function sizeDeployment(given: Partial<SizingInput>): Sizing {
  const input = { dim: 256, cores: availableParallelism(), ...given } as SizingInput;
  for (const name of ['items', 'users', 'actions', 'dim', 'cores'] as const) {
    if (!(Number.isSafeInteger(input[name]) && input[name] >= 1))
      throw new PinnersageError(
        'option-invalid',
        `--size: got ${name} = ${input[name]}, expected an integer ≥ 1`,
      );
  }
  const { items, users, actions, dim, cores } = input;
  const mean = actions / users;
  const secondsAt = measureClustering(dim);
  const sizes = logNormalQuantiles(mean);
  const perUser = sizes.reduce((sum, n) => sum + secondsAt(n), 0) / sizes.length;
  const vectorBytes = 4 * items * dim;
  const indexBytes = items * (2 * dim + graphBytesPerItem);
  const point = profileBytes.point + profileBytes.interest / pointsPerInterest;
  const profiles = profilePages * (users * profileBytes.user + actions * point);
  const stored = items * (itemBytes + 4) + actions * actionBytes + Math.ceil(profiles);
  return {
    ...input,
    vectorBytes,
    indexBytes,
    diskBytes: vectorBytes + indexBytes + stored,
    batchSeconds: (users * perUser) / cores,
    pointsPerUser: { mean, p99: sizes[Math.floor(0.99 * sizes.length)] },
  };
}

/** Points of users at evenly spaced quantiles of a log-normal distribution with this mean. */
function logNormalQuantiles(mean: number): number[] {
  const mu = Math.log(mean) - logSpread ** 2 / 2;
  return Array.from({ length: quantiles }, (_, i) =>
    Math.exp(mu + logSpread * normalQuantile((i + 0.5) / quantiles)),
  );
}

/** Inverse of the normal distribution function, to three decimals: Tukey's lambda approximation. */
function normalQuantile(p: number): number {
  return (p ** 0.1349 - (1 - p) ** 0.1349) / 0.1975;
}

/** Seconds of clustering n points, measured at a few sizes and drawn out between them as a power of n. */
function measureClustering(dim: number): (n: number) => number {
  const clusterer = createClusterer(dim);
  const logs = measuredSizes.map((n) => {
    clusterer.vectors(n).set(clusteredPoints(n, dim, n));
    clusterer.flat(n, { alpha: 0.64 });
    const started = performance.now();
    let runs = 0;
    for (; runs === 0 || performance.now() - started < measureMs; runs++) clusterer.flat(n, { alpha: 0.64 });
    return { n: Math.log(n), seconds: Math.log((performance.now() - started) / runs / 1000) };
  });
  return (points) => {
    const at = Math.log(Math.max(1, points));
    const place = logs.findIndex(({ n }) => n >= at);
    const right = Math.max(1, place < 0 ? logs.length - 1 : place);
    const [a, b] = [logs[right - 1], logs[right]];
    return Math.exp(a.seconds + ((b.seconds - a.seconds) * (at - a.n)) / (b.n - a.n));
  };
}
