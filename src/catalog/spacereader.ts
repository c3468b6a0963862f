import type { Directory } from '../disk/directory.js';
import type { IdTable } from '../disk/ids.js';
import type { ItemKey } from '../model/item.js';
import type { Catalog } from './catalog.js';
import { changedItems, itemsAt } from './changes.js';
import { loadRows, markChanged, markRows, stepTo } from './load.js';
import { withoutLeftOut } from './refinement.js';
import type { LoadedSpace, SpaceRecord } from './space.js';
import { readItems, vectorFiles } from './vectors.js';

/** Bit of the record of an item that is or was in the catalog; alone where it was not deleted. */
export const inCatalog = 1;

type AboutItems = Pick<Catalog, 'space' | 'version' | 'refinement' | 'itemByKey'>;

interface LoadedVersion {
  readonly version: number;
  readonly space: LoadedSpace;
}

/** Reads the vectors of spaces, and keeps what it has read. */
export class SpaceReader {
  private readonly directory: Directory;
  private readonly ids: IdTable;
  private readonly catalog: AboutItems;
  private readonly loaded = new Map<string, LoadedVersion>();

  constructor(directory: Directory, ids: IdTable, catalog: AboutItems) {
    this.directory = directory;
    this.ids = ids;
    this.catalog = catalog;
  }

  /** A space in shared memory; read once and kept until the catalog changes. */
  load(name?: string): LoadedSpace {
    return this.reading(name, (info) => {
      const version = this.catalog.version();
      const kept = this.loaded.get(info.name);
      if (kept?.version === version && sameFiles(kept.space.info, info)) return { ...kept.space, info };
      const space = this.readSpace(info, version, kept);
      this.loaded.set(info.name, { version, space });
      return space;
    });
  }

  /** Items of the catalog that have a vector in a space: rows that later ones replaced count no more than deleted items. */
  countVectors(name: string): number {
    return this.reading(name, ({ id, generation, dim, rows }) => {
      const items = this.ids.count();
      const hasVector = new Uint8Array(items);
      for (const item of readItems(vectorFiles(this.directory.path, id, generation), dim, rows))
        hasVector[item] = 1;
      let count = 0;
      this.eachPresent(this.catalog.version(), items, (item) => {
        count += hasVector[item];
      });
      return count;
    });
  }

  /** Works on the files of a space; again where a writer put others in their place while they were being opened. */
  private reading<T>(name: string | undefined, work: (space: SpaceRecord) => T): T {
    const info = this.catalog.space(name);
    try {
      return work(info);
    } catch (error) {
      this.directory.refresh();
      if (sameFiles(this.catalog.space(name), info)) throw error;
      return this.reading(name, work);
    }
  }

  /** Only what has changed since `kept` is read, where that is known. */
  private readSpace(info: SpaceRecord, version: number, kept: LoadedVersion | undefined): LoadedSpace {
    const files = vectorFiles(this.directory.path, info.id, info.generation);
    const before = kept && sameFiles(kept.space.info, info) ? kept : null;
    const changed = before && changedItems(this.directory, before.version, version);
    const items = this.ids.count();
    const rows = loadRows(before?.space ?? null, info, files);
    const { itemOfRow } = rows;
    const marks =
      before && changed
        ? markChanged(
            before.space,
            itemOfRow,
            items,
            changed,
            (item) => this.catalog.itemByKey(item) !== null,
          )
        : markRows(itemOfRow, items, (found) => this.eachPresent(version, items, found));
    const live = withoutLeftOut(this.catalog.refinement(info), marks.present);
    const rowsOf = `${info.id}/${info.generation}`;
    const step = stepTo(rowsOf, version, { ...rows, ...marks }, before?.space ?? null, changed);
    return { info, dim: info.dim, ...rows, ...marks, live, step };
  }

  /** Finds the items in the catalog among the first `items` numbers: most often all of them, which need not be looked at. */
  private eachPresent(version: number, items: number, found: (item: ItemKey) => void): void {
    if (itemsAt(this.directory, version) === items) {
      for (let key = 0; key < items; key++) found(key);
      return;
    }
    this.ids.eachFlags((key, flags) => {
      if (flags === inCatalog) found(key);
    });
  }

  forget(name: string): void {
    this.loaded.delete(name);
  }
}

/** A space that was dropped and made again has another id. */
function sameFiles(a: SpaceRecord, b: SpaceRecord): boolean {
  return a.id === b.id && a.generation === b.generation;
}
