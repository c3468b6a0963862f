import type { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Searches } from '../pipeline/searches.js';
import type { Provenance } from './guard.js';
import { remembering } from './memo.js';
import type { StoredSpace } from './models.js';
import type { TargetRules } from './plan.js';

/** A space with the search that serves it: the index where there is one. */
export function storedSpace(catalog: Catalog, searches: Searches, name?: string): StoredSpace {
  const space = catalog.load(name);
  const { info, ...table } = space;
  const { generation, normalized } = info;
  return {
    name: info.name,
    generation,
    normalized,
    table,
    search: remembering(searches.of(space), table.vectors),
  };
}

/** What could come back in any of some spaces, and what makes points. `items`: how many item numbers there are. */
export function reachable(
  spaces: readonly LoadedSpace[],
  items: number,
): Pick<TargetRules, 'returnable' | 'embedded'> {
  const returnable = new Uint8Array(new SharedArrayBuffer(items));
  const embedded = new Uint8Array(new SharedArrayBuffer(items));
  for (const { itemOfRow, rowOfItem, present } of spaces) {
    itemOfRow.forEach((item, row) => {
      embedded[item] = 1;
      if (rowOfItem[item] === row && present[row] === 1) returnable[item] = 1;
    });
  }
  return { returnable, embedded };
}

/** What is known of the age of a stored space's vectors. */
export function sourcesOf({ info }: LoadedSpace): Provenance[] {
  return [{ what: `space "${info.name}" (${info.source})`, newestMs: info.untilMs ?? null }];
}
