import type { Catalog } from '../catalog/catalog.js';
import { PinnersageError } from '../errors.js';
import type { SpaceInfo } from '../model/item.js';
import type { ProfileStore } from '../store/profiles.js';
import type { BatchOptions, BatchReport } from './batch.js';
import { type EmbedOptions, type EmbedReport, embedCatalog } from './embed.js';

export interface SpaceListing extends SpaceInfo {
  readonly active: boolean;
  /** Items of the catalog that have one. */
  readonly vectors: number;
  /** How the vectors came about, in words. */
  readonly source: string;
  /** The last batch over this space. */
  readonly batch: { readonly asOf: string; readonly users: number; readonly spaceGeneration: number } | null;
}

export interface BuildSpaceOptions {
  /** From text by default. */
  readonly embed?: Omit<EmbedOptions, 'space' | 'from'> & Partial<Pick<EmbedOptions, 'from'>>;
  readonly batch?: Omit<BatchOptions, 'space'>;
}

export interface BuildSpaceReport {
  readonly embed: EmbedReport;
  readonly batch: BatchReport;
}

/** The active space first, then by name. */
export function listSpaces(catalog: Catalog, profiles: (space: string) => ProfileStore): SpaceListing[] {
  const { active, spaces } = catalog.spaceTable();
  const listed = Object.values(spaces).map(({ id: _, rows: __, ...info }) => {
    const generation = profiles(info.name).current();
    return {
      ...info,
      active: info.name === active,
      vectors: catalog.countVectors(info.name),
      batch: generation && {
        asOf: new Date(generation.asOf).toISOString(),
        users: generation.users,
        spaceGeneration: generation.spaceGeneration,
      },
    };
  });
  return listed.sort((a, b) => Number(b.active) - Number(a.active) || (a.name < b.name ? -1 : 1));
}

/** Embeddings and profiles of a space beside the active one, which goes on serving. */
export async function buildSpace(
  path: string,
  catalog: Catalog,
  name: string,
  options: BuildSpaceOptions,
  batch: (options: BatchOptions) => Promise<BatchReport>,
): Promise<BuildSpaceReport> {
  if (catalog.spaceTable().active === name)
    throw new PinnersageError(
      'space-active',
      `space "${name}" is the active one; build another and switch to it, or run "pinnersage embed" and "pinnersage batch"`,
    );
  const embedded = await embedCatalog(path, catalog, { from: 'text', ...options.embed, space: name });
  return { embed: embedded, batch: await batch({ ...options.batch, space: name }) };
}

/** The switch is one value in one commit; each space has vectors and profiles of its own. */
export function switchSpace(catalog: Catalog, profiles: (space: string) => ProfileStore, name: string): void {
  const { active } = catalog.spaceTable();
  const wanted = catalog.space(name);
  if (active !== null && profiles(active).current() && !profiles(wanted.name).current())
    throw new PinnersageError(
      'no-profiles',
      `no batch has been run on space "${name}" yet, and "${active}" has one; run "pinnersage batch --space ${name}" first`,
    );
  catalog.setActive(name);
}

/** Profiles go first: a space of the same name that is made later must not find them. */
export function dropSpace(catalog: Catalog, profiles: (space: string) => ProfileStore, name: string): void {
  const { name: found } = catalog.space(name);
  if (catalog.spaceTable().active === found)
    throw new PinnersageError(
      'space-active',
      `space "${name}" is the active one; switch to another with "pinnersage space use NAME" first`,
    );
  profiles(found).drop();
  catalog.dropSpace(found);
}
