import type { IdTable } from '../../disk/ids.js';
import type { Interest, InterestSource } from '../../model/profile.js';
import type { Recipe } from '../../model/recipe.js';
import { usesPopularity } from '../../retrieve/recipe.js';
import type { Pick as Picked } from '../../retrieve/retrieve.js';
import {
  encodeHead,
  encodeRecommendation,
  type RecommendedItem,
  recommendationBytes,
} from '../../store/recommendations.js';
import type { LiveUser } from '../live.js';
import { type Answer, type ServingState, shownScore } from '../recommend.js';
import { candidateText, type NeighborTexts, Slab } from './texts.js';

/** An answer as it is sent and as it is logged: it can go from thread to thread. */
export interface WrittenAnswer {
  readonly recommendationId: string;
  readonly source: InterestSource;
  /** A `Recommendation` as JSON in UTF-8; part of a larger buffer. */
  readonly json: Uint8Array;
  /** Its value in the log of recommendations. */
  readonly entry: Uint8Array;
}

/**
 * Writes answers without making the objects first that their JSON says: those, and their serialization, would take longer
 * than finding the candidates.
 * Checked by: test/pipeline/answer.test.ts (against `JSON.stringify` of the objects).
 */
export class AnswerWriter {
  private readonly ids: Pick<IdTable, 'idOf'>;
  private readonly texts: NeighborTexts | null;
  private readonly slab = new Slab();

  /** `texts`: where those of remembered neighbours are kept; null where few are asked for twice. */
  constructor(ids: Pick<IdTable, 'idOf'>, texts: NeighborTexts | null) {
    this.ids = ids;
    this.texts = texts;
  }

  write(answer: Answer, state: Pick<ServingState, 'basis' | 'space'>, known: Answered): WrittenAnswer {
    const { head, picks } = answer;
    const { recommendationId, userId, ...shared } = head;
    const common = JSON.stringify(shared).slice(1, -1);
    const named = `"recommendationId":"${recommendationId}","userId":${JSON.stringify(userId)}`;
    const items: RecommendedItem[] = [];
    const texts = this.candidates(picks, items);
    const json = this.slab.write(`{${named},${common},"items":[${texts.join(',')}]}`);
    return { recommendationId, source: head.source, json, entry: entryOf(answer, state, known, items) };
  }

  /** The JSON of each, and what the log says of it at the end of `items`. */
  private candidates(picks: readonly Picked[], items: RecommendedItem[]): readonly string[] {
    const idOf = (item: number): string => this.ids.idOf(item);
    const endings = new Map<Interest | null, string>();
    return picks.map(({ item, score, interest, because, list, place }) => {
      const interestId = interest === null ? null : interest.id;
      const ending = endings.get(interest) ?? `${JSON.stringify(interestId)}}`;
      endings.set(interest, ending);
      items.push({ item, score: shownScore(score), interestId, because });
      const text =
        list && this.texts ? this.texts.of(list, place, () => idOf(item)) : candidateText(idOf(item), score);
      if (because.length === 0) return text + ending;
      return `${text}${ending.slice(0, -1)},"because":${JSON.stringify(because.map(idOf))}}`;
    });
  }
}

/** Whom an answer was for, and when. */
export interface Answered {
  readonly live: LiveUser;
  readonly nowMs: number;
}

function entryOf(
  { head }: Answer,
  { basis, space }: Pick<ServingState, 'basis' | 'space'>,
  { live, nowMs }: Answered,
  items: readonly RecommendedItem[],
): Uint8Array {
  const { recommendationId, userId, ...shared } = head;
  const encoded = encodeHead({
    at: new Date(nowMs).toISOString(),
    ...shared,
    configHash: basis.configHash,
    space: space.info.name,
    spaceGeneration: space.info.generation,
    generation: basis.generation?.number ?? 0,
    maxSeq: live.maxSeq,
  });
  const entry = Buffer.allocUnsafe(recommendationBytes(encoded, items));
  encodeRecommendation(encoded, head.interests, items, entry, 0);
  return entry;
}

/**
 * Whether a recipe asks for nothing but neighbours of single vectors, which the thread that answers remembers; what scans
 * and compares more than that is left to other threads whole.
 */
export function isLight(recipe: Recipe): boolean {
  const { merge, query, diversity } = recipe;
  return merge !== 'mixture' && query !== 'items' && diversity === 0 && !usesPopularity(recipe);
}
