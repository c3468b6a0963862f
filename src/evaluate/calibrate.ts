import { openDirectory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { AlphaChoice } from '../model/item.js';
import { storeCalibration } from '../pipeline/calibration.js';
import { configured } from '../pipeline/settings.js';
import { resolveRecipe } from '../retrieve/recipe.js';
import { type Comparison, chooseSeveral, compare } from './calibratechoice.js';
import {
  alphaStage,
  besideStage,
  decayStage,
  type Fixed,
  familyStage,
  isSingle,
  popularityLambdas,
  priorStage,
  shareStage,
  strengthStage,
} from './calibrategrid.js';
import { periodOf, protocolOf, rememberedFits } from './calibrateinput.js';
import type { CalibrateOptions, CalibrationReport, Tried } from './calibratereport.js';
import { adviceOf } from './calibratewords.js';
import type { RecipeSetting } from './contenders/recipe.js';
import { type Evaluation, prepareEvaluation } from './evaluation.js';
import { mainBudget, metricAt, perRanking } from './layout.js';
import { checkOptions } from './optionnames.js';
import { builtInContenders } from './options.js';
import { Survey } from './survey.js';
import { type WalkOptions, walkForward } from './walk.js';

/** Settings of several embeddings that are compared with the single one: enough for all that are near it. */
const compared = 24;

/**
 * Chooses how a space is served on a stretch of the log that ends before any test, and stores the choice with the space.
 * The same options on the same data give the same choice, whatever the number of threads.
 * @throws `option-invalid`, `space-missing`, `file-empty`, `interrupted`.
 */
export async function calibrate(path: string, options: CalibrateOptions = {}): Promise<CalibrationReport> {
  checkOptions('calibrate', options);
  const search = await searchOn(path, options);
  if (options.store === false) return search;
  const directory = await openDirectory(path, { mode: 'write', create: false });
  try {
    storeCalibration(directory, search.space, search.generation, search.choice, search.alpha, search);
  } finally {
    await directory.close();
  }
  return search;
}

async function searchOn(path: string, options: CalibrateOptions): Promise<CalibrationReport> {
  const directory = await openDirectory(path, { mode: 'read' });
  try {
    const stated = configured(directory);
    const fitSpace = rememberedFits(directory, options.space);
    const period = periodOf(directory, options);
    const run = new Run(options, (popularityLambda) =>
      prepareEvaluation(directory, {
        ...protocolOf(options),
        ...period,
        ...(fitSpace === null ? {} : { fitSpace }),
        uncalibrated: true,
        profile: {
          ...(options.windowDays === undefined ? {} : { windowDays: options.windowDays }),
          ...(popularityLambda === null ? {} : { popularityLambda }),
        },
      }),
    );
    return await run.search(stated);
  } finally {
    await directory.close();
  }
}

/** The stages of the search, one after the other. */
class Run {
  private readonly options: CalibrateOptions;
  private readonly prepare: (popularityLambda: number | null) => Evaluation;
  private readonly walk: Omit<WalkOptions, 'sources'>;
  private readonly surface: Tried[] = [];

  constructor(options: CalibrateOptions, prepare: (popularityLambda: number | null) => Evaluation) {
    const { workers, onProgress, signal } = options;
    this.options = options;
    this.prepare = prepare;
    this.walk = {
      ...(workers === undefined ? {} : { workers }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  async search(
    stated: Fixed & { readonly popularityLambda?: number | 'lambda' },
  ): Promise<CalibrationReport> {
    const popularityLambda = await this.popularity(stated.popularityLambda);
    const evaluation = this.prepare(popularityLambda);
    if (evaluation.plan.users.length === 0)
      throw new PinnersageError(
        'option-invalid',
        'no user has anything to foretell in the validation period with something usable before it; expected some: see --from, --until and --window-days all',
      );
    const { info } = evaluation.space;
    const starting = evaluation.rules.history.options.alpha;
    const fixed: Fixed = {
      ...(stated.lambda === undefined ? {} : { lambda: stated.lambda }),
      ...(info.alpha?.origin === 'user' ? { alpha: info.alpha.value } : {}),
    };
    const survey = new Survey(evaluation, this.walk);
    const stage = async (name: string, settings: readonly RecipeSetting[]): Promise<RecipeSetting[]> => {
      this.options.onNote?.(`${name}: ${settings.length} settings`);
      await survey.try(settings);
      this.record(name, settings, survey, popularityLambda);
      return this.ranked(survey, settings);
    };
    const all = (): RecipeSetting[] => this.ranked(survey, [...survey.settings.values()]);
    const bestOf = (single: boolean): RecipeSetting => all().filter((s) => isSingle(s) === single)[0];

    await stage('decay of one average', decayStage({ ...fixed, alpha: starting }));
    await stage('popularity prior of one average', priorStage(bestOf(true)));
    const [broad] = await stage(
      'alpha of several',
      alphaStage(bestOf(true), fixed, { starting, normalized: info.normalized }),
    );
    await stage('family of several', familyStage(broad));
    const several = all().filter((setting) => !isSingle(setting));
    await stage('popularity prior of several', strengthStage(several.slice(0, 2)));
    const alphas = [broad.alpha ?? starting, fixed.alpha ?? starting];
    const beside = await stage('several beside one average', besideStage(bestOf(true), alphas));
    await stage('more and less of the average', shareStage(beside.slice(0, 2)));
    return this.conclude(evaluation, survey, popularityLambda, broad.alpha ?? starting, all());
  }

  /** The decay of popularity, by what popularity alone would find. */
  private async popularity(stated: number | 'lambda' | undefined): Promise<number> {
    if (typeof stated === 'number') return stated;
    let best = { value: popularityLambdas[0], worth: Number.NEGATIVE_INFINITY };
    for (const value of popularityLambdas) {
      const evaluation = this.prepare(value);
      const sources = [{ ...builtInContenders, args: { names: ['popularity'] } }];
      const { users, layout } = await walkForward(evaluation, { ...this.walk, sources });
      const steps = users.reduce((sum, user) => sum + user.steps, 0);
      const metrics = Object.fromEntries(
        layout.metrics.map((name, m) => [name, users.reduce((sum, { sums }) => sum + sums[m], 0) / steps]),
      );
      const worth = metrics[this.metricIn(evaluation)];
      this.surface.push({
        stage: 'decay of popularity',
        name: `popularity λ=${value}`,
        alpha: null,
        lambda: null,
        popularityLambda: value,
        recipe: null,
        metrics,
      });
      if (worth > best.worth) best = { value, worth };
    }
    return best.value;
  }

  private metricIn({ layout }: Evaluation): string {
    return metricAt(this.options.metric ?? 'recall', mainBudget(layout));
  }

  private record(
    stage: string,
    settings: readonly RecipeSetting[],
    survey: Survey,
    popularityLambda: number,
  ): void {
    const means = survey.means();
    const known = new Set(this.surface.map(({ name }) => name));
    for (const { name, alpha = null, lambda = null, recipe } of settings) {
      if (known.has(name)) continue;
      const metrics = means.get(name) ?? {};
      this.surface.push({
        stage,
        name,
        alpha,
        lambda,
        popularityLambda,
        recipe: resolveRecipe(recipe),
        metrics,
      });
    }
  }

  /** Best first; ties stay in order. */
  private ranked(survey: Survey, settings: readonly RecipeSetting[]): RecipeSetting[] {
    const layout = survey.found?.layout;
    const means = survey.means();
    const metric = layout ? metricAt(this.options.metric ?? 'recall', mainBudget(layout)) : '';
    const worth = ({ name }: RecipeSetting): number => means.get(name)?.[metric] ?? Number.NEGATIVE_INFINITY;
    return [...settings].sort((a, b) => worth(b) - worth(a));
  }

  private conclude(
    evaluation: Evaluation,
    survey: Survey,
    popularityLambda: number,
    alpha: number,
    ranked: readonly RecipeSetting[],
  ): CalibrationReport {
    const { layout, plan, rules, space } = evaluation;
    const { budgets } = layout;
    const budget = mainBudget(layout);
    const seed = this.options.seed ?? 0;
    const single = ranked.filter(isSingle)[0];
    const rivals = ranked.filter((setting) => !isSingle(setting)).slice(0, compared);
    const everywhere = budgets.all.flatMap((count) => [
      metricAt('recall', count),
      metricAt('relevance', count),
    ]);
    const others = [metricAt('hit', budget), metricAt('ndcg', budget), ...perRanking, 'diversity'];
    const guarded = [...everywhere, ...others];
    const gains = [metricAt('recall', budget), metricAt('relevance', budget), 'diversity'];
    const names = [single, ...rivals].map(({ name }) => name);
    const table = survey.table(names, [...new Set([...guarded, ...gains])], seed);
    const comparisons = rivals.map(({ name }) => compare(table, name, single.name, guarded, gains));
    const winner = chooseSeveral(comparisons);
    const shown: Comparison = winner ?? comparisons[0];
    const chosen = winner ? (survey.settings.get(winner.name) as RecipeSetting) : single;
    const { info } = space;
    const { fromMs, stepMs, steps } = plan.timetable;
    const lambda = chosen.lambda ?? rules.history.options.lambda;
    const found = {
      space: info.name,
      generation: info.generation,
      from: new Date(fromMs).toISOString(),
      until: new Date(fromMs + steps * stepMs).toISOString(),
      seed,
      users: survey.found?.users.length ?? 0,
      steps: survey.found?.users.reduce((sum, user) => sum + user.steps, 0) ?? 0,
      budget,
      metric: this.metricIn(evaluation),
      alpha: alphaChoice(info.alpha, chosen.alpha === undefined || !winner ? alpha : chosen.alpha),
      choice: {
        recipe: resolveRecipe(chosen.recipe),
        lambda,
        popularityLambda,
        windowDays: rules.history.options.windowDays,
        family: winner ? ('several' as const) : ('single' as const),
        single: { recipe: resolveRecipe(single.recipe), lambda: single.lambda ?? lambda },
        fromMs,
        untilMs: fromMs + steps * stepMs,
      },
      chosen: chosen.name,
      single: single.name,
      several: shown.name,
      comparison: shown.differences,
      surface: this.surface,
    };
    const cold = survey.found?.coldSteps ?? 0;
    return {
      ...found,
      findings: adviceOf(found, shown, survey, { cold, withoutHistory: plan.withoutHistory }),
    };
  }
}

/** What somebody has stated stays theirs. */
function alphaChoice(stated: AlphaChoice | null, value: number): AlphaChoice {
  return stated?.origin === 'user' ? stated : { value, origin: 'calibrated' };
}
