import type { ActionLog } from '../actions/log.js';
import type { DeclaredType } from '../actions/types.js';
import { countAttributed } from '../actions/users.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import type { SpaceInfo } from '../model/item.js';
import type { ProfileStore } from '../store/profiles.js';
import { type IndexSummary, indexSummary } from './indexing.js';
import { type Pools, readPools } from './pools.js';
import { readSettings, type Settings } from './settings.js';

export interface Description {
  readonly path: string;
  readonly items: number;
  readonly users: number;
  /** Users with imported attributes. */
  readonly usersWithAttributes: number;
  readonly actions: number;
  /** ISO 8601. */
  readonly newestAction: string | null;
  readonly activeSpace: string | null;
  readonly spaces: readonly (SpaceInfo & {
    /** Items of the catalog that have one. */
    readonly vectors: number;
    readonly source: string;
    readonly index: IndexSummary | null;
  })[];
  readonly actionTypes: readonly DeclaredType[];
  readonly settings: Settings;
  readonly pools: Pools;
  /** The last batch of the active space. */
  readonly batch: {
    readonly asOf: string;
    readonly users: number;
    readonly space: string;
    readonly spaceGeneration: number;
  } | null;
}

/** What a data directory holds. Time O(items + users). */
export function describe(
  directory: Directory,
  catalog: Catalog,
  log: ActionLog,
  profiles: (space: string) => ProfileStore,
): Description {
  const table = catalog.spaceTable();
  const generation = table.active === null ? null : profiles(table.active).current();
  const newest = log.newestTime();
  let items = 0;
  for (const _ of catalog.items()) items++;
  return {
    path: directory.path,
    items,
    users: log.users.count(),
    usersWithAttributes: countAttributed(log.users),
    actions: log.count(),
    newestAction: newest === null ? null : new Date(newest).toISOString(),
    activeSpace: table.active,
    spaces: Object.values(table.spaces).map((record) => {
      const { id: _, rows: __, ...info } = record;
      const vectors = catalog.countVectors(record.name);
      return { ...info, vectors, index: indexSummary(directory, record) };
    }),
    actionTypes: log.types.list(),
    settings: readSettings(directory),
    pools: readPools(directory),
    batch: generation && {
      asOf: new Date(generation.asOf).toISOString(),
      users: generation.users,
      space: generation.space,
      spaceGeneration: generation.spaceGeneration,
    },
  };
}
