import type { IdTable } from '../../disk/ids.js';
import type { ItemKey } from '../../model/item.js';
import type { InterestSource } from '../../model/profile.js';
import type { Recipe } from '../../model/recipe.js';
import { type PickColumns, type PickSource, reasonsOf } from '../../retrieve/picks.js';
import { usesPopularity } from '../../retrieve/recipe.js';
import { noInterest, type RecommendationHead, RecommendedItems } from '../../store/recommendations.js';
import type { LiveUser } from '../live.js';
import { type Answer, type ServingState, shownScore } from '../recommend.js';
import { ItemTexts, type KeptTexts, type ListTexts, type Piece, pieceOf, Utf8Writer } from './texts.js';

/** What an answer says besides its candidates, most of it in JSON: it can go from thread to thread. */
export interface AnswerHead {
  readonly userId: string;
  readonly recommendationId: string;
  readonly source: InterestSource;
  readonly interestIds: readonly string[];
  /** An object of what the answer and the log both say. */
  readonly shared: string;
  /** An object of what the log says beyond that. */
  readonly logged: string;
}

/** Of an interest, what its candidates say. */
interface Named {
  readonly id: string;
}

/** An answer as it is sent and as it is logged. */
export interface WrittenAnswer {
  readonly recommendationId: string;
  readonly source: InterestSource;
  /** A `Recommendation` as JSON in UTF-8, then its value in the log of recommendations. */
  readonly bytes: Uint8Array;
  readonly jsonBytes: number;
}

/** What is said of all candidates from one source. */
interface SourceText {
  /** Of the interest in the list of the answer. */
  readonly place: number;
  /** From the interest to the end of the candidate. */
  readonly ending: Piece;
  /** Those of the list, where it is kept. */
  readonly texts: KeptTexts | null;
}

const [itemStart, scoreStart] = [pieceOf('{"itemId":'), pieceOf(',"score":')];
const end = '},';
const comma = 0x2c;

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
  private readonly entryHead = new Utf8Writer();
  private readonly entryItems = new RecommendedItems();
  private readonly time = new TimeText();
  private readonly endings = new WeakMap<Named, Piece>();

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

  write(head: AnswerHead, picks: PickColumns<Named>, atMs: number): WrittenAnswer {
    const { json, entryHead, entryItems } = this;
    const { recommendationId, source } = head;
    json.clear();
    json.text('{"recommendationId":"');
    json.text(recommendationId);
    json.text('","userId":');
    json.text(JSON.stringify(head.userId));
    const start = json.length;
    json.text(head.shared);
    json.bytes[start] = comma; // instead of the brace that opens
    json.back();
    entryHead.clear();
    entryHead.text(`{"at":"${this.time.of(atMs)}"`);
    entryHead.copyOf(json, start);
    entryHead.text(`,${head.logged.slice(1)}`);
    json.text(',"items":[');
    this.items(picks, head.interestIds);
    json.text(']}');
    const ofEntry = entryHead.written();
    const bytes = this.room(json.length + entryItems.sizeWith(ofEntry.length));
    bytes.set(json.written());
    entryItems.writeWith(ofEntry, bytes.subarray(json.length));
    return { recommendationId, source, bytes, jsonBytes: json.length };
  }

  /** Writes the JSON of each, and what the log says of it. */
  private items(picks: PickColumns<Named>, interestIds: readonly string[]): void {
    const { json, entryItems } = this;
    const { length, items, scores, sourceOf, places } = picks;
    const sources = picks.sources.map((source) => this.source(source, interestIds));
    entryItems.clear();
    for (let i = 0; i < length; i++) {
      const { texts, ending, place } = sources[sourceOf[i]];
      if (!texts?.copyTo(json, places[i])) this.candidate(items[i], scores[i], texts, places[i]);
      json.copy(ending);
      const because = reasonsOf(picks, i);
      if (because.length > 0) this.because(because);
      entryItems.add(items[i], shownScore(scores[i]), place, because);
    }
    if (length > 0) json.back(); // the comma
  }

  private source({ interest, list }: PickSource<Named>, interestIds: readonly string[]): SourceText {
    const texts = list && this.lists ? this.lists.of(list) : null;
    if (interest === null) return { place: noInterest, ending: endingOf(null), texts };
    const place = interestIds.indexOf(interest.id);
    return { place: place < 0 ? noInterest : place, ending: this.ending(interest), texts };
  }

  /** Up to its interest. */
  private candidate(item: ItemKey, score: number, texts: KeptTexts | null, place: number): void {
    const { json } = this;
    const start = json.length;
    json.copy(itemStart);
    this.texts.write(item, json);
    json.copy(scoreStart);
    json.score(score);
    if (texts) this.lists?.keep(texts, place, json, start);
  }

  private ending(interest: Named): Piece {
    const kept = this.endings.get(interest);
    if (kept) return kept;
    const ending = endingOf(interest.id);
    this.endings.set(interest, ending);
    return ending;
  }

  private because(items: readonly ItemKey[]): void {
    const { json } = this;
    for (let i = 0; i < end.length; i++) json.back();
    json.text(`,"because":${JSON.stringify(items.map((own) => this.ids.idOf(own)))}${end}`);
  }

  /** Has the ids of items `from … to−1` ready. */
  prepare(from: ItemKey, to: ItemKey): void {
    this.json.clear();
    for (let item = from; item < to; item++) this.texts.write(item, this.json);
  }
}

/** Instants in ISO 8601, most of them of the same second as the one before. */
class TimeText {
  private second = Number.NaN;
  /** Up to the milliseconds. */
  private text = '';

  of(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.second) {
      this.text = new Date(1000 * second).toISOString().slice(0, -4);
      this.second = second;
    }
    return `${this.text}${String(Math.floor(ms) - 1000 * second).padStart(3, '0')}Z`;
  }
}

/** Of a candidate. */
function endingOf(interestId: string | null): Piece {
  return pieceOf(`,"interestId":${JSON.stringify(interestId)}${end}`);
}

export function headOf(
  { head }: Answer,
  { basis, space }: Pick<ServingState, 'basis' | 'space'>,
  { maxSeq }: Pick<LiveUser, 'maxSeq'>,
): AnswerHead {
  const { recommendationId, userId, seed, source, fallback, pool, filter, propensity, interests } = head;
  const logged = {
    configHash: basis.configHash,
    space: space.info.name,
    spaceGeneration: space.info.generation,
    generation: basis.generation?.number ?? 0,
    maxSeq,
  } satisfies Partial<RecommendationHead>;
  return {
    userId,
    recommendationId,
    source,
    interestIds: interests.map(({ interestId }) => interestId),
    shared: JSON.stringify({ seed, source, fallback, pool, filter, propensity, interests }),
    logged: JSON.stringify(logged),
  };
}

/**
 * Whether a recipe asks for nothing but neighbours of single vectors, which the thread that answers remembers; what scans
 * and compares more than that is left to other threads whole.
 */
export function isLight(recipe: Recipe): boolean {
  const { merge, query, diversity } = recipe;
  return merge !== 'mixture' && query !== 'items' && diversity === 0 && !usesPopularity(recipe);
}
