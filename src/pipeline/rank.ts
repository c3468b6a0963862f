import type { LoadedSpace } from '../catalog/space.js';
import type { IdTable } from '../disk/ids.js';
import { checkId } from '../disk/ids.js';
import { vectorOf } from '../model/item.js';
import type { RankedItem, RankReport, UserEmbeddings, UserInterests } from '../model/serving.js';
import { checkArray } from './guard.js';
import type { LiveUser } from './live.js';

interface Embedding {
  readonly interestId: string;
  readonly share: number;
  readonly vector: Float32Array;
  readonly norm: number;
}

/**
 * What: items in the order in which a user's embeddings speak for them.
 * Source: algorithm.md §4 (paper?: a candidate's score is its highest cosine to any of the user's embeddings); the
 * weighted score Σ share · cosine is ours.
 * Convention: shares are of the importances of all interests with a vector. Always the cosine, also where the space is not
 * normalised. Time O(items · interests · d).
 */
export function rankItems(
  ids: IdTable,
  space: LoadedSpace,
  userId: string,
  live: LiveUser,
  itemIds: readonly string[],
): RankReport {
  checkArray('itemIds', itemIds);
  for (const itemId of itemIds) checkId(itemId, 'itemIds');
  const embeddings = embeddingsOf(live, space);
  const items = itemIds.map((itemId) => {
    const item = ids.find(itemId);
    const vector = item === null ? null : vectorOf(space, item);
    const seen = item !== null && live.barred.has(item);
    return { itemId, ...scoresOf(vector, embeddings), seen };
  });
  const order = (a: RankedItem, b: RankedItem): number =>
    (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY) || 0;
  return { userId, source: live.source, items: items.sort(order) };
}

function scoresOf(
  vector: Float32Array | null,
  embeddings: readonly Embedding[],
): Pick<RankedItem, 'score' | 'interestId' | 'share' | 'weightedScore'> {
  if (!vector || embeddings.length === 0)
    return { score: null, interestId: null, share: null, weightedScore: null };
  const norm = normOf(vector);
  let best = embeddings[0];
  let score = Number.NEGATIVE_INFINITY;
  let weightedScore = 0;
  for (const embedding of embeddings) {
    const cosine = dot(vector, embedding.vector) / (norm * embedding.norm);
    weightedScore += embedding.share * cosine;
    if (cosine > score) [best, score] = [embedding, cosine];
  }
  return { score, interestId: best.interestId, share: best.share, weightedScore };
}

function embeddingsOf({ interests }: LiveUser, space: LoadedSpace): Embedding[] {
  const found = interests.flatMap(({ id, medoid, importance }) => {
    const vector = vectorOf(space, medoid);
    return vector ? [{ interestId: id, share: importance, vector, norm: normOf(vector) }] : [];
  });
  const total = found.reduce((sum, { share }) => sum + share, 0);
  return found.map((one) => ({ ...one, share: total > 0 ? one.share / total : 1 / found.length }));
}

/** The medoids' vectors beside what `interests` says of them. */
export function presentEmbeddings(
  space: LoadedSpace,
  live: LiveUser,
  interests: UserInterests,
): UserEmbeddings {
  const { userId, asOf, source } = interests;
  const byId = new Map(embeddingsOf(live, space).map((embedding) => [embedding.interestId, embedding]));
  return {
    userId,
    asOf,
    source,
    space: space.info.name,
    spaceGeneration: space.info.generation,
    dim: space.dim,
    embeddings: interests.interests.flatMap(({ interestId, medoid, importance }) => {
      const found = byId.get(interestId);
      return found
        ? [{ interestId, medoid, importance, share: found.share, vector: Array.from(found.vector) }]
        : [];
    }),
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function normOf(a: Float32Array): number {
  return Math.sqrt(dot(a, a));
}
