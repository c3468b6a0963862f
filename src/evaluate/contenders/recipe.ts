import type { SpaceInfo } from '../../model/item.js';
import type { Recipe } from '../../model/recipe.js';
import { resolveRecipe } from '../../retrieve/recipe.js';
import type { Contender, ContenderSource } from '../contender.js';
import type { Provenance } from '../guard.js';
import { recipeModel } from '../recipemodel.js';
import { withExposure } from './exposure.js';

/** A setting of the product's own retrieval, as plain data. What is not given is the run's, or the paper's. */
export interface RecipeSetting {
  readonly name: string;
  readonly about?: string;
  readonly recipe: Partial<Recipe>;
  /** Merge threshold, a squared distance. */
  readonly alpha?: number;
  /** Per day. */
  readonly lambda?: number;
  /** Adds a copy that is re-ranked by exposure. Default: 0, none. Range: ≥ 0. */
  readonly exposureStrength?: number;
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
  return ((args ?? []) as readonly RecipeSetting[]).flatMap((setting) => {
    const contender = recipeContender(setting);
    const { exposureStrength = 0 } = setting;
    return exposureStrength > 0 ? [contender, withExposure(contender, exposureStrength)] : [contender];
  });
}

export function recipeSource(settings: readonly RecipeSetting[]): ContenderSource {
  return { module: import.meta.url, args: settings };
}

/** The contenders that a calibration adds. */
export const calibratedNames: readonly string[] = ['calibrated', 'calibrated-single'];

/** What calibration chose for a space, and the single embedding it was compared with; null where there is nothing. */
export function calibratedContenders(
  { calibration, alpha }: SpaceInfo,
  names = calibratedNames,
  exposureStrength = 0,
): ContenderSource | null {
  if (!calibration) return null;
  const { recipe, lambda, single, family } = calibration;
  const shaping = { ...(alpha ? { alpha: alpha.value } : {}), exposureStrength };
  const settings: RecipeSetting[] = [
    {
      name: 'calibrated',
      about: `as calibrated: ${family === 'several' ? 'several embeddings' : 'the best single embedding'}`,
      recipe,
      lambda,
      ...shaping,
    },
    {
      name: 'calibrated-single',
      about: 'the best single embedding of the calibration',
      recipe: single.recipe,
      lambda: single.lambda,
      ...shaping,
    },
  ];
  const chosen = settings.filter(({ name }) => names.includes(name));
  return chosen.length > 0 ? recipeSource(chosen) : null;
}

/** Up to when the calibration of a space has seen: what is evaluated with it must begin later. */
export function calibrationSource({ name, calibration }: SpaceInfo): Provenance[] {
  return calibration
    ? [{ what: `the calibration of space "${name}"`, newestMs: calibration.untilMs - 1 }]
    : [];
}
