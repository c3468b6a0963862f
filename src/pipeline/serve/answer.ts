import type { IdTable } from '../../disk/ids.js';
import type { ItemKey } from '../../model/item.js';
import type { Interest, InterestSource } from '../../model/profile.js';
import type { Recipe } from '../../model/recipe.js';
import { usesPopularity } from '../../retrieve/recipe.js';
import type { Pick as Picked } from '../../retrieve/retrieve.js';
import {
  encodeRecommendation,
  noInterest,
  type RecommendationHead,
  type RecommendedItem,
  recommendationBytes,
} from '../../store/recommendations.js';
import type { LiveUser } from '../live.js';
import { type Answer, type ServingState, shownScore } from '../recommend.js';
import { ItemTexts, type ListTexts, Utf8Writer } from './texts.js';

/** An answer as it is sent and as it is logged: it can go from thread to thread. */
export interface WrittenAnswer {
  readonly recommendationId: string;
  readonly source: InterestSource;
  /** A `Recommendation` as JSON in UTF-8, then its value in the log of recommendations. */
  readonly bytes: Uint8Array;
  readonly jsonBytes: number;
}

/** What is said of an interest with each of its candidates. */
interface InterestText {
  /** In the list of the answer. */
  readonly place: number;
  readonly bytes: Uint8Array;
}

const [itemStart, scoreStart, end, comma] = ['{"itemId":', ',"score":', '}', ','].map((text) =>
  Buffer.from(text),
);

/**
 * Writes answers without making the objects first that their JSON says: those, and their serialization, would take longer
 * than finding the candidates.
 * Checked by: test/pipeline/answer.test.ts (against `JSON.stringify` of the objects, and the log read back).
 */
export class AnswerWriter {
  private readonly ids: Pick<IdTable, 'idOf'>;
  private readonly room: (bytes: number) => Uint8Array;
  private readonly texts: ItemTexts;
  private readonly lists: ListTexts | null;
  private readonly json = new Utf8Writer();

  /**
   * `room`: where an answer is written to, and stays. `lists`: where candidates are kept by the neighbours they are of; null
   * where few are asked for twice.
   */
  constructor(
    ids: Pick<IdTable, 'idOf'>,
    room: (bytes: number) => Uint8Array,
    lists: ListTexts | null = null,
  ) {
    this.ids = ids;
    this.room = room;
    this.lists = lists;
    this.texts = new ItemTexts(ids);
  }

  write(
    { head, picks }: Answer,
    state: Pick<ServingState, 'basis' | 'space'>,
    known: Answered,
  ): WrittenAnswer {
    const { json } = this;
    const { recommendationId, userId, ...shared } = head;
    const common = JSON.stringify(shared).slice(1, -1);
    json.clear();
    json.text(
      `{"recommendationId":"${recommendationId}","userId":${JSON.stringify(userId)},${common},"items":[`,
    );
    const items = this.items(picks, head.interests);
    json.text(']}');
    const entryHead = Buffer.from(entryHeadOf(common, state, known));
    const bytes = this.room(json.length + recommendationBytes(entryHead, items));
    bytes.set(json.bytes.subarray(0, json.length));
    encodeRecommendation(entryHead, items, bytes.subarray(json.length));
    return { recommendationId, source: head.source, bytes, jsonBytes: json.length };
  }

  /** Writes the JSON of each; returns what the log says of it. */
  private items(
    picks: readonly Picked[],
    interests: readonly { readonly interestId: string }[],
  ): readonly RecommendedItem[] {
    const { json, lists } = this;
    const known = new Map<Interest | null, InterestText>();
    return picks.map(({ item, score, interest, because, list, place }, i) => {
      const about = known.get(interest) ?? interestText(interest, interests);
      known.set(interest, about);
      if (i > 0) json.copy(comma);
      if (lists && list) lists.write(list, place, json, () => this.candidate(item, score));
      else this.candidate(item, score);
      json.copy(about.bytes);
      if (because.length > 0)
        json.text(`,"because":${JSON.stringify(because.map((own) => this.ids.idOf(own)))}}`);
      else json.copy(end);
      return { item, score: shownScore(score), place: about.place, because };
    });
  }

  /** Up to its interest. */
  private candidate(item: ItemKey, score: number): void {
    const { json } = this;
    json.copy(itemStart);
    this.texts.write(item, json);
    json.copy(scoreStart);
    json.score(score);
  }

  /** Has the ids of items `from … to−1` ready. */
  prepare(from: ItemKey, to: ItemKey): void {
    this.json.clear();
    for (let item = from; item < to; item++) this.texts.write(item, this.json);
  }
}

function interestText(
  interest: Interest | null,
  interests: readonly { readonly interestId: string }[],
): InterestText {
  const id = interest === null ? null : interest.id;
  const place = interests.findIndex(({ interestId }) => interestId === id);
  const bytes = Buffer.from(`,"interestId":${JSON.stringify(id)}`);
  return { place: place < 0 ? noInterest : place, bytes };
}

/** Whom an answer was for, and when. */
export interface Answered {
  readonly live: LiveUser;
  readonly nowMs: number;
}

/** A `RecommendationHead` as JSON. `common`: what it has of the answer. */
function entryHeadOf(
  common: string,
  { basis, space }: Pick<ServingState, 'basis' | 'space'>,
  { live, nowMs }: Answered,
): string {
  const own = {
    configHash: basis.configHash,
    space: space.info.name,
    spaceGeneration: space.info.generation,
    generation: basis.generation?.number ?? 0,
    maxSeq: live.maxSeq,
  } satisfies Partial<RecommendationHead>;
  return `{"at":"${new Date(nowMs).toISOString()}",${common},${JSON.stringify(own).slice(1)}`;
}

/**
 * Whether a recipe asks for nothing but neighbours of single vectors, which the thread that answers remembers; what scans
 * and compares more than that is left to other threads whole.
 */
export function isLight(recipe: Recipe): boolean {
  const { merge, query, diversity } = recipe;
  return merge !== 'mixture' && query !== 'items' && diversity === 0 && !usesPopularity(recipe);
}
