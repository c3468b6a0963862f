import { deriveSeed } from '../math/hash.js';
import { createRng } from '../math/rng.js';
import type { ItemKey, UserKey } from '../model/item.js';
import { type EmbeddingTable, vectorOf } from '../model/item.js';
import { ageInDays } from '../profile/importance.js';
import type { Contender, GlobalModels, UserAtCut, UserModel } from './contender.js';
import { popularity } from './contenders/popularity.js';
import { guardUser } from './guard.js';
import { HistoryMaker, type HistoryRules } from './history.js';
import type { Layout } from './layout.js';
import { type LogTable, userLogOf, userLogUntil } from './log.js';
import { pairwiseDistance } from './metrics/lists.js';
import { rankingScores } from './metrics/ranking.js';
import { retrievalScores, TargetRanks } from './metrics/retrieval.js';
import { type NegativeRules, negativesOf } from './negatives.js';
import type { ProtocolOptions } from './options.js';
import { cutOf, stepsOf, type TargetRules, type Timetable, type UserStep } from './plan.js';
import { type Regime, regimeAlpha, regimeOf, unknownRegime } from './regime.js';
import type { RelevantItems } from './relevant.js';

/** What stays the same over the whole walk. */
export interface WalkRules {
  readonly timetable: Timetable;
  readonly targets: TargetRules;
  readonly history: HistoryRules;
  readonly layout: Layout;
  readonly protocol: ProtocolOptions;
  readonly rankAgainst: NegativeRules['rankAgainst'];
}

/** Sums over one user's steps in one period. */
export interface UserSums {
  readonly user: UserKey;
  readonly steps: number;
  readonly ranked: number;
  readonly targets: number;
  /** Steps with something to foretell and nothing usable in the window before. */
  readonly cold: number;
  /** contenders × metrics. */
  readonly sums: Float64Array;
  /** As of the first step. */
  readonly facts: UserFacts;
}

/** What users are told apart by. */
export interface UserFacts {
  /** Distinct items in the window. */
  readonly items: number;
  readonly interests: number;
  /** Mean cosine distance between the medoids of the interests; 0 for one. */
  readonly diversity: number;
  /** Days from the first action of all to the cut. */
  readonly ageDays: number;
  /** Unknown where vectors have no common length. */
  readonly regime: Regime;
}

const fallback = popularity();
const nobody: UserFacts = { items: 0, interests: 0, diversity: 0, ageDays: 0, regime: unknownRegime };

function factsOf(user: UserAtCut): UserFacts {
  const medoids = user.interests().map(({ medoid }) => medoid);
  return {
    items: user.points.itemKeys.length,
    interests: medoids.length,
    diversity: pairwiseDistance(user.models.table, medoids),
    ageDays: ageInDays(user.log.times[0], user.asOfMs),
    regime: user.models.normalized
      ? regimeOf(user.interests({ alpha: regimeAlpha }), user.models.table)
      : unknownRegime,
  };
}

/** Novelty and tail of items at a cut: what lists are judged by beside their hits. */
export interface ItemFacts {
  /** Per item: −log2 of the (smoothed) share of users who acted on it. */
  readonly novelty: Float64Array;
  /** Per item: 1 where it is not among the most popular fifth. */
  readonly tail: Uint8Array;
}

/** What a thread has of a period. */
export interface WalkPeriod {
  readonly steps: readonly [number, number];
  readonly models: GlobalModels;
  readonly facts: ItemFacts;
  /** Vectors by which relevance and diversity are measured. */
  readonly judge: EmbeddingTable;
  readonly relevant: RelevantItems;
}

/** Walks users through the steps of one period after another. One per thread. */
export class Walker {
  /** Per contender: how often each item was among the candidates at the main budget, over all draws. */
  readonly exposures: readonly Float64Array[];
  private readonly contenders: readonly Contender[];
  private readonly log: LogTable;
  private readonly rules: WalkRules;
  private readonly histories: HistoryMaker;

  constructor(log: LogTable, rules: WalkRules, contenders: readonly Contender[], items: number) {
    this.log = log;
    this.rules = rules;
    this.contenders = contenders;
    this.histories = new HistoryMaker(rules.history);
    this.exposures = contenders.map(() => new Float64Array(items));
  }

  /** A user's steps in one period. */
  walk(user: UserKey, userId: string, period: WalkPeriod): UserSums {
    const [from, to] = period.steps;
    const { timetable, targets, layout } = this.rules;
    const sums = new Float64Array(this.contenders.length * layout.metrics.length);
    const tally = { steps: 0, ranked: 0, targets: 0, cold: 0, facts: nobody };
    for (const step of stepsOf(userLogOf(this.log, user), timetable, targets)) {
      if (step.step < from || step.step >= to) continue;
      if (!step.hasHistory) {
        tally.cold++;
        continue;
      }
      const asOfMs = cutOf(timetable, step.step);
      const history = this.histories.at(
        user,
        userId,
        userLogUntil(this.log, user, asOfMs),
        asOfMs,
        period.models,
      );
      guardUser(history);
      if (tally.steps === 0) tally.facts = factsOf(history);
      tally.steps++;
      tally.targets += step.targets.length;
      if (this.step(history, step, period, sums)) tally.ranked++;
    }
    return { user, ...tally, sums };
  }

  /** Adds what every contender scores to `sums`; whether there was something to rank against. */
  private step(history: UserAtCut, step: UserStep, period: WalkPeriod, sums: Float64Array): boolean {
    const { layout, protocol, rankAgainst } = this.rules;
    const seed = deriveSeed('evaluate', protocol.seed, history.userId, step.step);
    const ranks = new TargetRanks(
      step.targets,
      step.targets.map((item) => period.relevant.of(item)),
    );
    const drawn = createRng(deriveSeed(seed, 'negatives'));
    const against = { rankAgainst, perTarget: protocol.negatives };
    const negatives = negativesOf(step, history.barred, period.judge, against, drawn);
    const width = layout.metrics.length;
    this.contenders.forEach((given, c) => {
      // Nothing of the window has a vector in this space yet: production falls back on what is popular.
      const contender = history.points.itemKeys.length > 0 ? given : { ...given, fit: fallback.fit };
      const model = contender.fit(history, contender.knowsFuture ? step.targets : []);
      const row = sums.subarray(c * width, (c + 1) * width);
      const draws = contender.draws ?? 1;
      for (let draw = 0; draw < draws; draw++) {
        const rng = createRng(deriveSeed(seed, contender.name, draw));
        const list = model.candidates(layout.budgets.all[layout.budgets.all.length - 1], rng);
        this.addList(list, ranks, period, row, 1 / draws, this.exposures[c]);
      }
      if (negatives.length > 0) addRanking(model, step.targets, negatives, history.models, row);
    });
    return negatives.length > 0;
  }

  private addList(
    list: ArrayLike<ItemKey>,
    ranks: TargetRanks,
    { judge, facts: { novelty, tail } }: WalkPeriod,
    row: Float64Array,
    weight: number,
    exposures: Float64Array,
  ): void {
    const { budgets } = this.rules.layout;
    ranks.of(list);
    let at = 0;
    for (const budget of budgets.all) {
      const { relevance, recall, hit, ndcg } = retrievalScores(ranks.exact, ranks.relevant, budget);
      row[at++] += weight * relevance;
      row[at++] += weight * recall;
      row[at++] += weight * hit;
      row[at++] += weight * ndcg;
    }
    const shown = Math.min(list.length, budgets.all[budgets.main]);
    let novel = 0;
    let inTail = 0;
    for (let i = 0; i < shown; i++) {
      exposures[list[i]]++;
      novel += novelty[list[i]];
      inTail += tail[list[i]];
    }
    row[at++] += weight * pairwiseDistance(judge, list, shown);
    row[at++] += weight * (shown === 0 ? 0 : novel / shown);
    row[at++] += weight * (shown === 0 ? 0 : inTail / shown);
  }
}

/** Items without a vector cannot be scored: they come last. */
function addRanking(
  model: UserModel,
  targets: readonly ItemKey[],
  negatives: readonly ItemKey[],
  { table }: GlobalModels,
  row: Float64Array,
): void {
  const score = (item: ItemKey): number =>
    vectorOf(table, item) === null ? Number.NEGATIVE_INFINITY : model.score(item);
  const { rPrecision, reciprocalRank } = rankingScores(targets.map(score), negatives.map(score));
  row[row.length - 2] += rPrecision;
  row[row.length - 1] += reciprocalRank;
}
