import type { Recipe } from '../model/recipe.js';
import { hasAverageBeside, paperRecipe, resolveRecipe } from '../retrieve/recipe.js';
import type { RecipeSetting } from './contenders/recipe.js';

/** What is fixed because somebody configured it: it is not searched. */
export interface Fixed {
  readonly lambda?: number;
  readonly alpha?: number;
}

/** Decays of popularity that are tried, per day. */
export const popularityLambdas = [0.001, 0.01, 0.03, 0.1];
const lambdas = [0, 0.001, 0.01, 0.03, 0.1];
/** At the last little but popularity is left: what is alike decides between equals. */
const onlyPopularity = 50;
/** At most this much leads several embeddings: beyond, all of them find the same. */
const mostPersonal = 6.4;
const priors = [0, 0.2, 0.4, 0.8, 1.6, 3.2, mostPersonal, onlyPopularity];
const shares = [0.2, 0.1, 0.05];
/** Cosines of .68, .55, .4, .25 and .1 between two points that just merge; above, only a few broad interests are left. */
const alphas = [0.64, 0.9, 1.2, 1.5, 1.8, 2.5, 4, 8];
/** Where vectors have no common length: of the threshold that was stated. */
const factors = [0.25, 0.5, 1, 2, 4];
const temperatures = [0.1, 0.3, 1];
/** Of an average beside the interests: at the first it is found which interests go with it. */
const averageShares = [0.75, 0.5, 0.9];
/** Interests beside an average are led by popularity at most this much, and less. */
const personalPriors = [3.2, 0.8];
/** The prior while it is not chosen yet. */
const usualPrior = 0.8;

const oneAverage: Partial<Recipe> = { interests: 'all', query: 'average' };

export function isSingle({ recipe }: RecipeSetting): boolean {
  return recipe.query === 'average';
}

/** A setting under a name that tells it from every other. */
export function settingOf(
  recipe: Partial<Recipe>,
  shaping: Omit<RecipeSetting, 'name' | 'recipe'>,
): RecipeSetting {
  const full = resolveRecipe(recipe);
  const { interests, medoids, query, merge, temperature, prior, popularShare, diversity } = full;
  const few = interests === 'all' ? '' : `${interests} ${medoids} `;
  const how = query === 'average' ? '' : merge === 'mixture' ? ` mixture τ=${temperature}` : ` ${merge}`;
  const parts = [
    `${few}${query}${how}`,
    ...(hasAverageBeside(full) ? [averageBeside(full)] : []),
    ...(query === 'average' || shaping.alpha === undefined ? [] : [`α=${shaping.alpha}`]),
    ...(shaping.lambda === undefined ? [] : [`λ=${shaping.lambda}`]),
    `prior=${prior}`,
    ...(popularShare === 1 ? [] : [`share=${popularShare}`]),
    ...(diversity === 0 ? [] : [`diversity=${diversity}`]),
  ];
  return { name: parts.join(' '), recipe: full, ...shaping };
}

/** One average: its decay, with a usual prior and without. */
export function decayStage({ lambda, alpha }: Fixed & { readonly alpha: number }): RecipeSetting[] {
  const tried = lambda === undefined ? lambdas : [lambda];
  return [usualPrior, 0].flatMap((prior) =>
    tried.map((decay) => settingOf({ ...oneAverage, prior }, { alpha, lambda: decay })),
  );
}

/** One average: how much popularity counts, and from how much of the catalog candidates come. */
export function priorStage(best: RecipeSetting): RecipeSetting[] {
  const of = (recipe: Partial<Recipe>) => settingOf({ ...best.recipe, ...recipe }, shapingOf(best));
  return [
    ...priors.map((prior) => of({ prior })),
    ...shares.flatMap((popularShare) => [0, 0.4].map((prior) => of({ popularShare, prior }))),
  ];
}

/** All interests by their centroids, in proportion to importance: how broad interests are. */
export function alphaStage(
  single: RecipeSetting,
  given: Fixed,
  { starting, normalized }: { readonly starting: number; readonly normalized: boolean },
): RecipeSetting[] {
  const tried = normalized ? [starting, ...alphas] : factors.map((factor) => factor * starting);
  const rounded = [...new Set(tried.map((alpha) => Number(alpha.toPrecision(3))))].sort((a, b) => a - b);
  const prior = Math.min(resolveRecipe(single.recipe).prior, mostPersonal);
  const recipe: Partial<Recipe> = { ...single.recipe, prior, query: 'centroid', merge: 'importance' };
  return (given.alpha === undefined ? rounded : [given.alpha]).map((alpha) =>
    settingOf(recipe, { ...shapingOf(single), alpha }),
  );
}

/** Which interests, what is looked for, and how they share, at one alpha; the paper's own among them. */
export function familyStage(best: RecipeSetting): RecipeSetting[] {
  const { prior, popularShare } = resolveRecipe(best.recipe);
  const of = (recipe: Partial<Recipe>) =>
    settingOf({ ...paperRecipe, interests: 'all', prior, popularShare, ...recipe }, shapingOf(best));
  const tried = [
    of({ query: 'centroid', merge: 'turns' }),
    of({ query: 'centroid', merge: 'score' }),
    of({ query: 'medoid', merge: 'importance' }),
    of({ interests: 'top', medoids: 3, query: 'centroid', merge: 'importance' }),
    of({ interests: 'top', medoids: 10, query: 'centroid', merge: 'importance' }),
    of({ interests: 'sample', medoids: 3, query: 'medoid', merge: 'turns' }),
    settingOf({}, shapingOf(best)),
    ...temperatures.flatMap((temperature) => [
      of({ query: 'centroid', merge: 'mixture', temperature }),
      of({ query: 'items', merge: 'mixture', temperature }),
    ]),
  ];
  return tried.filter(({ name }, i) => tried.findIndex((other) => other.name === name) === i);
}

/** The best families again with more and with less popularity, and from the whole catalog. */
export function strengthStage(best: readonly RecipeSetting[]): RecipeSetting[] {
  return best.flatMap((setting) => {
    const { prior, popularShare } = resolveRecipe(setting.recipe);
    const tried: Partial<Recipe>[] = (prior > 0 ? [prior / 2, 2 * prior] : [0.2, 0.4])
      .filter((other) => other <= 2 * mostPersonal)
      .map((other) => ({ prior: other }));
    if (popularShare < 1) tried.push({ popularShare: 1 }, { popularShare: 1, prior: prior + 0.4 });
    return tried.map((other) => settingOf({ ...setting.recipe, ...other }, shapingOf(setting)));
  });
}

function averageBeside({ averageShare, averagePrior, prior }: Recipe): string {
  return `average=${averageShare}${averagePrior === prior ? '' : ` at prior=${averagePrior}`}`;
}

/**
 * The single embedding beside all interests by their centroids, at each alpha, led by popularity as much as the single
 * embedding is and less.
 */
export function besideStage(single: RecipeSetting, alphas: readonly number[]): RecipeSetting[] {
  const { prior: averagePrior } = resolveRecipe(single.recipe);
  const less = [averagePrior / 2, ...personalPriors].map((prior) => Math.min(prior, personalPriors[0]));
  const tried = [averagePrior, ...less.filter((prior) => prior < averagePrior)];
  const priors = new Set(tried.filter((prior) => prior <= mostPersonal));
  const beside: Partial<Recipe> = { averageShare: averageShares[0], averagePrior };
  const shared: Partial<Recipe> = { ...single.recipe, ...beside, query: 'centroid', merge: 'importance' };
  return [...new Set(alphas)].flatMap((alpha) =>
    [...priors].map((prior) => settingOf({ ...shared, prior }, { ...shapingOf(single), alpha })),
  );
}

/** The best of these with more and with less of the single embedding. */
export function shareStage(best: readonly RecipeSetting[]): RecipeSetting[] {
  return best.flatMap((setting) =>
    averageShares
      .slice(1)
      .map((averageShare) => settingOf({ ...setting.recipe, averageShare }, shapingOf(setting))),
  );
}

function shapingOf({ alpha, lambda }: RecipeSetting): Omit<RecipeSetting, 'name' | 'recipe'> {
  return { ...(alpha === undefined ? {} : { alpha }), ...(lambda === undefined ? {} : { lambda }) };
}
