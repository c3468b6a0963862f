import { PinnersageError, shown } from '../errors.js';
import { rowOf } from '../model/item.js';
import type { Catalog } from './catalog.js';
import { findDuplicates } from './duplicates.js';
import { isLeftOut, type Refinement, type RefinementRules, type RefinementSummary } from './refinement.js';
import type { LoadedSpace } from './space.js';

export interface RefineOptions extends Partial<RefinementRules> {
  /** Default: the active one. */
  readonly space?: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Which generation of a space is refined, and how; null where it is not. */
export interface RefineReport {
  readonly space: string;
  readonly generation: number;
  readonly refinement: RefinementSummary | null;
}

export interface RefinementReport extends RefineReport {
  /** What is left out now, by rising item number: a duplicate comes back when what was kept instead is deleted. */
  readonly leftOut: readonly LeftOutItem[];
}

/** An item that candidates do not come from, and why. */
export interface LeftOutItem {
  readonly itemId: string;
  readonly reason: 'duplicate' | 'quality';
  /** Of a duplicate. */
  readonly keptInstead?: string;
  readonly cosine?: number;
  /** Of an item under the floor. */
  readonly quality?: number;
}

export const defaultRules: RefinementRules = {
  duplicatesCosine: 0.98,
  qualityField: 'quality',
  qualityFloor: null,
};

const breathMs = 100;

/**
 * Leaves near-duplicates and items of low quality out of what candidates come from (algorithm.md §4), in place of an earlier
 * refinement of the same generation of the space; durable when it returns. Of near-duplicates the one of best quality
 * stays (items without one come last), of equals the lower item number.
 */
export async function refine(catalog: Catalog, options: RefineOptions): Promise<RefineReport> {
  const rules = checkRules({ ...defaultRules, ...given(options) });
  const space = catalog.load(options.space);
  const quality = qualityOfRows(catalog, space, rules.qualityField);
  const floor = rules.qualityFloor ?? Number.NEGATIVE_INFINITY;
  const present = Uint32Array.from(space.present.keys()).filter((row) => space.present[row] === 1);
  const low = present.filter((row) => quality[row] < floor);
  const order = present.filter((row) => !(quality[row] < floor)).sort(byQuality(quality, space.itemOfRow));
  const out = Array.from(low, (row) => ({ row, keeper: -1, value: quality[row] }));
  if (rules.duplicatesCosine !== null) {
    const onStep = breather(options);
    const found = await findDuplicates({ ...space, order }, { cosine: rules.duplicatesCosine, onStep });
    found.keeper.forEach((keeper, place) => {
      if (keeper >= 0) out.push({ row: order[place], keeper: order[keeper], value: found.cosine[place] });
    });
  }
  const summary = {
    ...rules,
    considered: present.length,
    duplicates: out.length - low.length,
    lowQuality: low.length,
  };
  catalog.setRefinement(space.info, {
    summary,
    rows: Uint32Array.from(out, ({ row }) => row),
    keepers: Int32Array.from(out, ({ keeper }) => keeper),
    values: Float64Array.from(out, ({ value }) => value),
  });
  return { space: space.info.name, generation: space.info.generation, refinement: summary };
}

/** The refinement of a space as it is now. */
export function describeRefinement(catalog: Catalog, name?: string): RefinementReport {
  const space = catalog.load(name);
  const { info } = space;
  const found = catalog.refinement(info);
  return {
    space: info.name,
    generation: info.generation,
    refinement: found?.summary ?? null,
    leftOut: found ? leftOut(catalog, found, space) : [],
  };
}

/** Leaves nothing out of a space any more. */
export function clearRefinement(catalog: Catalog, name?: string): RefineReport {
  const info = catalog.space(name);
  catalog.setRefinement(info, null);
  return { space: info.name, generation: info.generation, refinement: null };
}

function leftOut(catalog: Catalog, refinement: Refinement, space: LoadedSpace): LeftOutItem[] {
  const { rows, keepers, values } = refinement;
  const idOf = (row: number): string => catalog.ids.idOf(space.itemOfRow[row]);
  const describe = (at: number): LeftOutItem => {
    const itemId = idOf(rows[at]);
    if (keepers[at] < 0) return { itemId, reason: 'quality', quality: values[at] };
    return { itemId, reason: 'duplicate', keptInstead: idOf(keepers[at]), cosine: values[at] };
  };
  return [...rows.keys()]
    .filter((at) => isLeftOut(refinement, at, space.present))
    .sort((a, b) => space.itemOfRow[rows[a]] - space.itemOfRow[rows[b]])
    .map(describe);
}

function given({ duplicatesCosine, qualityField, qualityFloor }: RefineOptions): Partial<RefinementRules> {
  const entries = Object.entries({ duplicatesCosine, qualityField, qualityFloor });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function checkRules(rules: RefinementRules): RefinementRules {
  const { duplicatesCosine: cosine, qualityField: field, qualityFloor: floor } = rules;
  if (typeof field !== 'string')
    throw new PinnersageError(
      'option-invalid',
      `quality field: got ${shown(field)}, expected the name of a field`,
    );
  if (cosine !== null && !(cosine > 0 && cosine <= 1))
    throw new PinnersageError('option-invalid', `duplicates cosine: got ${cosine}, expected 0 < cosine ≤ 1`);
  if (floor !== null && !Number.isFinite(floor))
    throw new PinnersageError('option-invalid', `quality floor: got ${floor}, expected a finite number`);
  return rules;
}

/** NaN where the item has no number in the field. */
function qualityOfRows(catalog: Catalog, space: LoadedSpace, field: string): Float64Array {
  const quality = new Float64Array(space.itemOfRow.length).fill(Number.NaN);
  for (const { key, metadata } of catalog.items()) {
    const value = metadata[field];
    const row = rowOf(space, key);
    if (row >= 0 && typeof value === 'number') quality[row] = value;
  }
  return quality;
}

function byQuality(quality: Float64Array, itemOfRow: Uint32Array): (a: number, b: number) => number {
  const rank = (row: number): number =>
    Number.isNaN(quality[row]) ? Number.NEGATIVE_INFINITY : quality[row];
  return (a, b) => (rank(a) === rank(b) ? itemOfRow[a] - itemOfRow[b] : rank(b) - rank(a));
}

/** Lets Ctrl-C and other requests through now and then. */
function breather({ signal, onProgress }: RefineOptions): (done: number, total: number) => Promise<void> {
  let last = performance.now();
  return async (done, total) => {
    if (performance.now() - last < breathMs && done < total) return;
    await new Promise(setImmediate);
    if (signal?.aborted)
      throw new PinnersageError('interrupted', 'interrupted; what was left out before stays as it was');
    onProgress?.(Math.round(done), Math.round(total));
    last = performance.now();
  };
}
