import { PinnersageError } from '../errors.js';
import { readTable } from '../files/read.js';
import { createRejects, type ImportReport } from '../files/report.js';
import type { Catalog } from './catalog.js';
import { itemIdRefusal } from './check.js';
import type { ImportItemsOptions } from './import.js';

export type RemoveItemsOptions = Omit<ImportItemsOptions, 'space' | 'embeddings' | 'normalize'>;

/**
 * Deletes the items that a file names by `item_id`: they are hidden at once, their vectors go on serving history.
 * Accepted counts the deleted, duplicates those that were deleted before; ids the catalog never had are rejected.
 */
export async function removeItems(
  catalog: Catalog,
  path: string,
  options: RemoveItemsOptions,
): Promise<ImportReport> {
  const rejects = createRejects(path, options);
  let accepted = 0;
  let duplicates = 0;
  let rows = 0;
  try {
    const column = { name: 'item_id', kind: 'text', required: true } as const;
    const batches = readTable(path, options, [column], rejects.add, options.onNote ?? (() => {}));
    for await (const batch of batches) {
      if (options.signal?.aborted)
        throw new PinnersageError('interrupted', `${path}: interrupted after ${rows} rows; run it again`);
      const known: string[] = [];
      batch.text('item_id').forEach((id, row) => {
        const refusal = itemIdRefusal(id) ?? unknownRefusal(catalog, id as string);
        if (refusal) rejects.add({ file: path, line: batch.line(row), ...refusal });
        else known.push(id as string);
      });
      const deleted = catalog.delete(known);
      accepted += deleted;
      duplicates += known.length - deleted;
      rows += batch.rows;
      options.onProgress?.(rows);
    }
  } finally {
    rejects.close();
  }
  return { accepted, duplicates, rejected: rejects.counts, examples: rejects.examples };
}

function unknownRefusal(catalog: Catalog, id: string): { reason: string; detail: string } | null {
  if (catalog.hasHeld(id)) return null;
  return { reason: 'item-unknown', detail: `item_id: "${id}" is not in the catalog` };
}
