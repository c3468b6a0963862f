import type { Directory } from '../disk/directory.js';
import { checkId, IdTable } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { AlphaChoice, ItemKey, Metadata } from '../model/item.js';
import { recordChange } from './changes.js';
import { type Refinement, readRefinement, removeRefinements, writeRefinement } from './refinement.js';
import {
  type LoadedSpace,
  noSpaces,
  type SpaceContent,
  type SpaceRecord,
  type SpaceTable,
  spaceNamed,
  withAlpha,
  withSpace,
} from './space.js';
import { inCatalog, SpaceReader } from './spacereader.js';
import { appendRows, RowIndex, readItems, readRow, removeGenerations, vectorFiles } from './vectors.js';

/** Bit of an item record, beside `inCatalog`. An item that only actions have named has neither. */
const deleted = 2;

export interface CatalogItem {
  readonly key: ItemKey;
  readonly itemId: string;
  readonly metadata: Metadata;
}

/** A checked item on its way in: `vector` is final (normalised where the space is), or null for none. */
export interface ItemUpsert {
  readonly itemId: string;
  /** null keeps what is stored. */
  readonly metadata: Metadata | null;
  readonly vector: Float32Array | null;
}

export interface UpsertCounts {
  readonly written: number;
  /** Items that were already stored exactly so. */
  readonly unchanged: number;
}

/** Items on disk: ids, metadata, and the vectors of named spaces. */
export class Catalog {
  readonly ids: IdTable;
  private readonly directory: Directory;
  private readonly reader: SpaceReader;
  private readonly rowIndexes = new Map<string, { generation: number; rows: number; index: RowIndex }>();

  constructor(directory: Directory) {
    this.directory = directory;
    this.ids = new IdTable(directory, 'item');
    this.reader = new SpaceReader(directory, this.ids, this);
  }

  /** Rises with every change of items or vectors; what was derived from them is good for one version. */
  version(): number {
    return this.directory.readMeta<number>('catalogVersion') ?? 0;
  }

  /** Call inside `write`. `items`: null for what is no change of single items; `more`: how many more the catalog has. */
  private countChange(items: Uint32Array | null, more = 0): void {
    const version = this.version() + 1;
    this.directory.writeMeta('catalogVersion', version);
    recordChange(this.directory, version, items, more);
  }

  spaceTable(): SpaceTable {
    return this.directory.readMeta<SpaceTable>('spaces') ?? noSpaces;
  }

  /** @throws `space-unknown`, or `space-missing` where no name is given and there is none at all. */
  space(name?: string): SpaceRecord {
    const table = this.spaceTable();
    const wanted = name ?? table.active;
    if (wanted === null)
      throw new PinnersageError(
        'space-missing',
        `${this.directory.path}: no item has an embedding yet; import items with embeddings, or run "pinnersage embed --from text"`,
      );
    const record = spaceNamed(table, wanted);
    if (!record) {
      const known = Object.keys(table.spaces).join(', ') || 'none';
      throw new PinnersageError('space-unknown', `got space "${wanted}", expected one of: ${known}`);
    }
    return record;
  }

  setAlpha(name: string, alpha: AlphaChoice | null): void {
    this.directory.write(() => this.directory.writeMeta('spaces', withAlpha(this.spaceTable(), name, alpha)));
  }

  setActive(name: string): void {
    this.space(name);
    this.directory.write(() => this.directory.writeMeta('spaces', { ...this.spaceTable(), active: name }));
  }

  /** Forgets a space that is not the active one and removes its files. Readers who have it in memory keep it. */
  dropSpace(name: string): void {
    const { id } = this.space(name);
    const { spaces, ...table } = this.spaceTable();
    const { [name]: _, ...others } = spaces;
    this.directory.write(() => {
      this.directory.writeMeta('spaces', { ...table, spaces: others });
      removeRefinements(this.directory, id, Number.POSITIVE_INFINITY);
      this.countChange(null);
    });
    this.reader.forget(name);
    this.rowIndexes.delete(name);
    removeGenerations(this.directory.path, id, Number.POSITIVE_INFINITY);
  }

  /** Points a space to another generation of its files. Call inside `Directory.write`. */
  replaceRecord(record: SpaceRecord): void {
    this.directory.writeMeta('spaces', withSpace(this.spaceTable(), record));
    this.countChange(null);
  }

  /** Whether the item was in the catalog and was deleted. */
  isDeleted(key: ItemKey): boolean {
    return ((this.ids.read(key)?.flags ?? 0) & deleted) !== 0;
  }

  /** Opens a space for new vectors, creating it where it is missing; nothing is stored before the first rows. */
  spaceForWriting(name: string, dim: number, normalized: boolean, source: string): SpaceRecord {
    const table = this.spaceTable();
    const existing = spaceNamed(table, name);
    if (!existing) {
      checkId(name, 'space');
      return { id: table.nextId, name, dim, normalized, generation: 1, rows: 0, alpha: null, source };
    }
    if (existing.dim !== dim)
      throw new PinnersageError(
        'dimension-mismatch',
        `space "${name}": got vectors of ${dim} dimensions, expected ${existing.dim}`,
      );
    if (existing.normalized !== normalized)
      throw new PinnersageError(
        'option-invalid',
        `space "${name}" ${existing.normalized ? 'is' : 'is not'} normalised: ${existing.normalized ? 'leave out' : 'add'} --no-normalize`,
      );
    return existing;
  }

  /** Inserts or updates items and appends changed vectors to `space`; durable when it returns. */
  upsert(
    items: readonly ItemUpsert[],
    space: SpaceRecord | null,
  ): { space: SpaceRecord | null } & UpsertCounts {
    let current = space;
    let written = 0;
    let added = 0;
    this.writing(() => {
      const keys = this.ids.ensureAll(items.map((item) => item.itemId));
      const rows: { key: number; vector: Float32Array }[] = [];
      for (let i = 0; i < items.length; i++) {
        const { vector } = items[i];
        const changed = vector !== null && !this.sameVector(current, keys[i], vector) ? vector : null;
        if (changed) rows.push({ key: keys[i], vector: changed });
        const record = this.upsertRecord(keys[i], items[i]);
        if (record === 'added') added++;
        if (record !== 'unchanged' || changed) written++;
      }
      if (current && rows.length > 0) current = this.append(current, rows);
      if (written > 0) this.countChange(keys, added);
    });
    return { space: current, written, unchanged: items.length - written };
  }

  /** A transaction after which, when it throws, nothing is remembered that was not stored. */
  private writing(work: () => void): void {
    try {
      this.directory.write(work);
    } catch (error) {
      this.ids.forget();
      this.rowIndexes.clear();
      throw error;
    }
  }

  /** Call inside `write`. */
  private upsertRecord(key: number, item: ItemUpsert): 'added' | 'changed' | 'unchanged' {
    const before = this.ids.read(key);
    const metadata = item.metadata ?? before?.metadata ?? {};
    const isThere = before?.flags === inCatalog;
    if (isThere && JSON.stringify(before.metadata) === JSON.stringify(metadata)) return 'unchanged';
    this.ids.write(key, { id: item.itemId, flags: inCatalog, metadata });
    return isThere ? 'changed' : 'added';
  }

  private sameVector(space: SpaceRecord | null, key: number, vector: Float32Array): boolean {
    const row = space ? this.rowIndex(space).get(key) : -1;
    if (!space || row < 0) return false;
    const stored = readRow(vectorFiles(this.directory.path, space.id, space.generation), space.dim, row);
    return stored.every((x, i) => x === vector[i]);
  }

  /** Where each item's vector is, kept up to date while this catalog writes. */
  private rowIndex(space: SpaceRecord): RowIndex {
    const kept = this.rowIndexes.get(space.name);
    if (kept?.generation === space.generation && kept.rows === space.rows) return kept.index;
    const files = vectorFiles(this.directory.path, space.id, space.generation);
    const index = new RowIndex(readItems(files, space.dim, space.rows));
    this.rowIndexes.set(space.name, { generation: space.generation, rows: space.rows, index });
    return index;
  }

  private append(space: SpaceRecord, rows: readonly { key: number; vector: Float32Array }[]): SpaceRecord {
    const items = Uint32Array.from(rows, (row) => row.key);
    const vectors = new Float32Array(rows.length * space.dim);
    rows.forEach((row, i) => {
      vectors.set(row.vector, i * space.dim);
    });
    appendRows(
      vectorFiles(this.directory.path, space.id, space.generation),
      space.dim,
      space.rows,
      items,
      vectors,
    );
    const grown = { ...space, rows: space.rows + rows.length };
    this.directory.writeMeta('spaces', withSpace(this.spaceTable(), grown));
    return grown;
  }

  /** Writes a whole new generation of a space and makes it the current one in a single step. */
  replaceSpace(name: string, content: SpaceContent): SpaceRecord {
    const table = this.spaceTable();
    const before = spaceNamed(table, name);
    if (!before) checkId(name, 'space');
    const record: SpaceRecord = {
      id: before?.id ?? table.nextId,
      name,
      dim: content.dim,
      normalized: content.normalized,
      generation: (before?.generation ?? 0) + 1,
      rows: content.items.length,
      alpha: before?.alpha?.origin === 'user' ? before.alpha : null,
      source: content.source,
      ...(content.untilMs === undefined ? {} : { untilMs: content.untilMs }),
      ...(content.made === undefined ? {} : { made: content.made }),
    };
    const files = vectorFiles(this.directory.path, record.id, record.generation);
    appendRows(files, record.dim, 0, content.items, content.vectors);
    this.directory.write(() => {
      this.directory.writeMeta('spaces', withSpace(this.spaceTable(), record));
      removeRefinements(this.directory, record.id, record.generation - 1);
      this.countChange(null);
    });
    // Readers may still be opening the generation before; the ones before that are of no use to anybody.
    removeGenerations(this.directory.path, record.id, record.generation - 1);
    return record;
  }

  /** Hides items at once; their vectors go on serving the history of users. Returns how many were there. */
  delete(itemIds: readonly string[]): number {
    const hidden: number[] = [];
    this.directory.write(() => {
      for (const id of itemIds) {
        const key = this.ids.find(id);
        const record = key === null ? null : this.ids.read(key);
        if (key === null || !record || record.flags !== inCatalog) continue;
        this.ids.write(key, { ...record, flags: inCatalog | deleted });
        hidden.push(key);
      }
      if (hidden.length > 0) this.countChange(Uint32Array.from(hidden), -hidden.length);
    });
    return hidden.length;
  }

  /** Whether the item is in the catalog or was, before it was deleted. */
  hasHeld(itemId: string): boolean {
    const key = this.ids.find(itemId);
    return key !== null && (this.ids.read(key)?.flags ?? 0) !== 0;
  }

  item(itemId: string): CatalogItem | null {
    const key = this.ids.find(itemId);
    return key === null ? null : this.itemByKey(key);
  }

  itemByKey(key: ItemKey): CatalogItem | null {
    const record = this.ids.read(key);
    return record?.flags === inCatalog ? { key, itemId: record.id, metadata: record.metadata } : null;
  }

  /** Items that are in the catalog and not deleted, by rising key. */
  *items(): Iterable<CatalogItem> {
    for (const { key, record } of this.ids.all()) {
      if (record.flags === inCatalog) yield { key, itemId: record.id, metadata: record.metadata };
    }
  }

  /** A space in shared memory; read once and kept until the catalog changes. */
  load(name?: string): LoadedSpace {
    return this.reader.load(name);
  }

  /** Items of the catalog that have a vector in a space: rows that later ones replaced count no more than deleted items. */
  countVectors(name: string): number {
    return this.reader.countVectors(name);
  }

  /** Which rows of a generation candidates do not come from; null where it was not refined. */
  refinement(space: SpaceRecord): Refinement | null {
    return readRefinement(this.directory, space);
  }

  /** Replaces it in one step; null takes it back. */
  setRefinement(space: SpaceRecord, refinement: Refinement | null): void {
    this.directory.write(() => {
      writeRefinement(this.directory, space, refinement);
      this.countChange(null);
    });
  }
}
