import type { VectorSearch } from '../ann/search.js';
import type { LoadedSpace } from '../catalog/space.js';
import { PinnersageError } from '../errors.js';
import type { SpaceInfo } from '../model/item.js';
import type { Recipe } from '../model/recipe.js';
import { PopularityPrior } from '../retrieve/prior.js';
import { paperRecipe, resolveRecipe, storedRecipe } from '../retrieve/recipe.js';
import type { Popularity } from '../store/profiles.js';

/** Recipes that have a name: `paper` is the method of the paper to the letter, `calibrated` what `calibrate` chose. */
export const recipeNames = ['paper', 'calibrated'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** What a request may say of its recipe: a named one as the base, and single options over it. */
export interface RecipeRequest extends Partial<Recipe> {
  /**
   * Where options come from that are not given. Default: what was calibrated for the space, else the paper's, with as many
   * medoids as configured.
   */
  readonly recipe?: RecipeName;
}

/** @throws `option-invalid`, also where a calibrated recipe is asked for and there is none. */
export function recipeOf(
  request: RecipeRequest,
  { name, calibration }: Pick<SpaceInfo, 'name' | 'calibration'>,
  medoids: number,
): Recipe {
  if (request.recipe === 'paper') return resolveRecipe(request);
  if (calibration) return resolveRecipe(request, storedRecipe(calibration.recipe));
  if (request.recipe === undefined) return resolveRecipe(request, paperWith(medoids));
  throw new PinnersageError(
    'option-invalid',
    `recipe: got calibrated, but space "${name}" has no calibration; run "pinnersage calibrate --space ${name}"`,
  );
}

const papers = new Map<number, Recipe>();

/** The same object for the same number of medoids. */
function paperWith(medoids: number): Recipe {
  const known = papers.get(medoids);
  if (known) return known;
  const recipe = { ...paperRecipe, medoids };
  papers.set(medoids, recipe);
  return recipe;
}

/** One prior per search and batch, made when a recipe first needs it. */
export class Priors {
  private readonly made = new WeakMap<VectorSearch, { generation: number; prior: PopularityPrior }>();

  of(
    space: LoadedSpace,
    search: VectorSearch,
    generation: number,
    popularity: () => Popularity,
  ): PopularityPrior {
    const kept = this.made.get(search);
    if (kept?.generation === generation) return kept.prior;
    const { normalized } = space.info;
    const prior = new PopularityPrior({ table: space, normalized, search, popular: popularity() });
    this.made.set(search, { generation, prior });
    return prior;
  }
}
