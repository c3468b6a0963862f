import { type ChainScratch, chainInto, createChainScratch } from './chain.js';
import { checkAlpha, checkFinite, checkShape, checkSizes } from './check.js';
import type { Clusterer, FlatClusters, FlatOptions } from './clusterer.js';
import { cutInto } from './cut.js';
import { createMerges, type Merges } from './dendrogram.js';
import { pairwiseInto } from './distances.js';
import { wardLinkage } from './linkage.js';
import { createMedoidScratch, type MedoidScratch, medoidsInto } from './medoid.js';

interface Room {
  readonly points: number;
  readonly x: Float32Array;
  readonly distances: Float64Array;
  readonly sizes: Float64Array;
  readonly chain: ChainScratch;
  readonly merges: Merges;
  readonly labels: Int32Array;
  readonly medoids: Int32Array;
  readonly medoid: MedoidScratch;
}

function createRoom(points: number, dim: number): Room {
  return {
    points,
    x: new Float32Array(points * dim),
    distances: new Float64Array((points * (points - 1)) / 2),
    sizes: new Float64Array(points),
    chain: createChainScratch(points),
    merges: createMerges(points),
    labels: new Int32Array(points),
    medoids: new Int32Array(points),
    medoid: createMedoidScratch(points, dim),
  };
}

/** A clusterer in plain TypeScript and float64. */
export function createPlainClusterer(dim: number): Clusterer {
  checkShape(0, { n: 0, dim });
  let room = createRoom(64, dim);

  function vectors(n: number): Float32Array {
    if (n > room.points) room = createRoom(Math.max(n, room.points * 2), dim);
    return room.x.subarray(0, n * dim);
  }

  function flat(n: number, options: FlatOptions): FlatClusters {
    const shape = { n, dim };
    const { x, distances, sizes, merges, labels, medoids } = room;
    checkShape(x.length, shape);
    checkAlpha(options.alpha);
    checkSizes(options.sizes, n);
    checkFinite(x, shape);
    for (let i = 0; i < n; i++) sizes[i] = options.sizes?.[i] ?? 1;
    pairwiseInto(distances, x, shape, options.sizes);
    chainInto(merges, distances, sizes, n, wardLinkage, room.chain);
    const count = cutInto(labels, merges, n, options.alpha);
    medoidsInto(medoids, x, shape, { labels, count }, options, room.medoid);
    return { count, labels: labels.subarray(0, n), medoids: medoids.subarray(0, count) };
  }

  return { dim, vectors, flat };
}
