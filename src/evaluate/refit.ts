import { ActionLog } from '../actions/log.js';
import { Catalog } from '../catalog/catalog.js';
import type { LoadedSpace } from '../catalog/space.js';
import type { Directory } from '../disk/directory.js';
import { rowOf } from '../model/item.js';
import { type EmbedOptions, type MadeBefore, makeSpace } from '../pipeline/embed.js';
import type { FittedSpace } from './models.js';

/**
 * Makes the vectors of a space that is learnt from actions again, as they would have been at a cut, with the options that
 * are stored with it; null for a space that no action shaped: its stored vectors serve throughout.
 * Convention: an item may come back where it may in the stored space; one that had no vector yet at the cut cannot.
 */
export function refitOf(directory: Directory, space: LoadedSpace): ((untilMs: number) => FittedSpace) | null {
  const { info } = space;
  if (info.untilMs === undefined || info.made === undefined || info.made.from === 'text') return null;
  const catalog = new Catalog(directory);
  const log = new ActionLog(directory);
  const options = info.made as unknown as EmbedOptions;
  const before: MadeBefore = {};
  const items = space.rowOfItem.length;
  return (untilMs) => {
    const made = makeSpace(catalog, log, { ...options, untilMs }, before);
    const itemOfRow = shared(Uint32Array, made.items);
    const rowOfItem = shared(Int32Array, new Int32Array(items).fill(-1));
    itemOfRow.forEach((item, row) => {
      rowOfItem[item] = row;
    });
    const live = shared(
      Uint8Array,
      Uint8Array.from(itemOfRow, (item) => liveIn(space, item)),
    );
    const table = { dim: made.dim, vectors: shared(Float32Array, made.vectors), itemOfRow, rowOfItem, live };
    return {
      name: info.name,
      generation: info.generation,
      normalized: info.normalized,
      table,
      sources: [{ what: `space "${info.name}" (${made.source})`, newestMs: made.untilMs ?? null }],
    };
  };
}

/** Whether candidates may come from the item; one without a row in the stored space may not. */
function liveIn(space: LoadedSpace, item: number): number {
  const row = rowOf(space, item);
  return row >= 0 ? space.live[row] : 0;
}

type Numbers = Uint32Array | Int32Array | Uint8Array | Float32Array;

/** A copy that threads can share. */
function shared<T extends Numbers>(make: new (buffer: SharedArrayBuffer) => T, values: T): T {
  const copy = new make(new SharedArrayBuffer(values.byteLength));
  copy.set(values as never);
  return copy;
}
