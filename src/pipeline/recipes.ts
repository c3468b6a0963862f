import type { VectorSearch } from '../ann/search.js';
import type { LoadedSpace } from '../catalog/space.js';
import { PopularityPrior } from '../retrieve/prior.js';
import { paperRecipe, type Recipe, resolveRecipe } from '../retrieve/recipe.js';
import type { Popularity } from '../store/profiles.js';

/** Recipes that have a name: `paper` is the method of the paper to the letter. */
export const recipeNames = ['paper'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** What a request may say of its recipe: a named one as the base, and single options over it. */
export interface RecipeRequest extends Partial<Recipe> {
  /** Where options come from that are not given. Default: the paper's, with as many medoids as configured. */
  readonly recipe?: RecipeName;
}

/** @throws `option-invalid`. */
export function recipeOf(request: RecipeRequest, medoids: number): Recipe {
  const base = request.recipe === undefined ? { ...paperRecipe, medoids } : paperRecipe;
  return resolveRecipe(request, base);
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
