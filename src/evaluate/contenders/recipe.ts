import type { SpaceInfo } from '../../model/item.js';
import type { Recipe } from '../../model/recipe.js';
import { resolveRecipe } from '../../retrieve/recipe.js';
import type { Contender, ContenderSource } from '../contender.js';
import type { Provenance } from '../guard.js';
import { recipeModel } from '../recipemodel.js';

/** A setting of the product's own retrieval, as plain data. What is not given is the run's, or the paper's. */
export interface RecipeSetting {
  readonly name: string;
  readonly about?: string;
  readonly recipe: Partial<Recipe>;
  /** Merge threshold, a squared distance. */
  readonly alpha?: number;
  /** Per day. */
  readonly lambda?: number;
}

const sampledDraws = 10;

/** Exactly what `recommend` would answer with this recipe. */
export function recipeContender({ name, about, recipe: given, alpha, lambda }: RecipeSetting): Contender {
  const recipe = resolveRecipe(given);
  const shaping = { ...(alpha === undefined ? {} : { alpha }), ...(lambda === undefined ? {} : { lambda }) };
  return {
    name,
    about: about ?? name,
    ...(recipe.interests === 'sample' ? { draws: sampledDraws } : {}),
    fit: (user) => recipeModel(user, user.interests(shaping), recipe),
  };
}

export function contenders(args?: unknown): Contender[] {
  return ((args ?? []) as readonly RecipeSetting[]).map(recipeContender);
}

export function recipeSource(settings: readonly RecipeSetting[]): ContenderSource {
  return { module: import.meta.url, args: settings };
}

/** What calibration chose for a space, and the single embedding it was compared with; null where nothing was calibrated. */
export function calibratedContenders({ calibration, alpha }: SpaceInfo): ContenderSource | null {
  if (!calibration) return null;
  const { recipe, lambda, single, family } = calibration;
  return recipeSource([
    {
      name: 'calibrated',
      about: `as calibrated: ${family === 'several' ? 'several embeddings' : 'the best single embedding'}`,
      recipe,
      lambda,
      ...(alpha ? { alpha: alpha.value } : {}),
    },
    {
      name: 'calibrated-single',
      about: 'the best single embedding of the calibration',
      recipe: single.recipe,
      lambda: single.lambda,
    },
  ]);
}

/** Up to when the calibration of a space has seen: what is evaluated with it must begin later. */
export function calibrationSource({ name, calibration }: SpaceInfo): Provenance[] {
  return calibration
    ? [{ what: `the calibration of space "${name}"`, newestMs: calibration.untilMs - 1 }]
    : [];
}
