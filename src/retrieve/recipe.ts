import { PinnersageError, shown } from '../errors.js';
import { interestChoices, mergeRules, queryKinds, type Recipe } from '../model/recipe.js';

export const paperRecipe: Recipe = {
  interests: 'sample',
  medoids: 3,
  query: 'medoid',
  merge: 'turns',
  averageShare: 0,
  averagePrior: 0,
  temperature: 0.1,
  prior: 0,
  popularShare: 1,
  diversity: 0,
};

const names = Object.keys(paperRecipe) as (keyof Recipe)[];

/**
 * Fills in what is not given from `base`, a valid recipe, the paper's by default; `base` itself where nothing is given.
 * @throws `option-invalid`.
 */
export function resolveRecipe(given: Partial<Recipe>, base: Recipe = paperRecipe): Recipe {
  if (!saysAnything(given)) return base;
  const recipe = { ...base, ...(given.prior === undefined ? {} : { averagePrior: given.prior }) };
  for (const name of names) if (given[name] !== undefined) Object.assign(recipe, { [name]: given[name] });
  oneOf('interests', recipe.interests, interestChoices);
  oneOf('query', recipe.query, queryKinds);
  oneOf('merge', recipe.merge, mergeRules);
  const { medoids, averageShare, averagePrior, temperature, prior, popularShare, diversity } = recipe;
  if (!Number.isSafeInteger(medoids) || medoids < 1) refuse('medoids', medoids, 'an integer ≥ 1');
  if (!(averageShare >= 0 && averageShare <= 1)) refuse('averageShare', averageShare, 'a number from 0 to 1');
  if (!(Number.isFinite(temperature) && temperature > 0))
    refuse('temperature', temperature, 'a finite number > 0');
  if (!(Number.isFinite(prior) && prior >= 0)) refuse('prior', prior, 'a finite number ≥ 0');
  if (!(Number.isFinite(averagePrior) && averagePrior >= 0))
    refuse('averagePrior', averagePrior, 'a finite number ≥ 0');
  if (!(popularShare > 0 && popularShare <= 1)) refuse('popularShare', popularShare, 'a number > 0 and ≤ 1');
  if (!(diversity >= 0 && diversity <= 10)) refuse('diversity', diversity, 'a number from 0 to 10');
  return recipe;
}

/** Of a recipe. Looks at what is given, rather than for all that could be. */
function saysAnything(given: Partial<Recipe>): boolean {
  for (const name in given) if (name in paperRecipe && given[name as keyof Recipe] !== undefined) return true;
  return false;
}

const stored = new WeakMap<Partial<Recipe>, Recipe>();

/** A recipe that was stored before it had all of today's options: what is missing is the paper's. The same object each time. */
export function storedRecipe(given: Partial<Recipe>): Recipe {
  const known = stored.get(given);
  if (known) return known;
  const recipe = { ...paperRecipe, ...given };
  stored.set(given, recipe);
  return recipe;
}

/** Whether an average stands beside the interests. */
export function hasAverageBeside({ averageShare, query }: Recipe): boolean {
  return averageShare > 0 && query !== 'average';
}

/** Whether popularity has a part in what the recipe finds. */
export function usesPopularity(recipe: Recipe): boolean {
  const { prior, averagePrior, popularShare } = recipe;
  return prior > 0 || popularShare < 1 || (averagePrior > 0 && hasAverageBeside(recipe));
}

const texts = new WeakMap<Recipe, string>();

/** The same recipe has the same text. */
export function recipeText(recipe: Recipe): string {
  const known = texts.get(recipe);
  if (known !== undefined) return known;
  const text = names.map((name) => `${name}=${recipe[name]}`).join(' ');
  texts.set(recipe, text);
  return text;
}

function oneOf(name: string, got: string, known: readonly string[]): void {
  if (!known.includes(got)) refuse(name, got, known.join(', '));
}

function refuse(name: string, got: unknown, expected: string): never {
  throw new PinnersageError('option-invalid', `${name}: got ${shown(got)}, expected ${expected}`);
}
