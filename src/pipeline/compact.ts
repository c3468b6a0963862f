import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.js';
import { compactSpace } from '../catalog/compact.js';
import { compactState } from '../disk/compact.js';
import { openDirectory } from '../disk/directory.js';
import { EmbeddedProfileStore } from '../store/embedded.js';

export interface CompactReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Rows of vectors that later rows had replaced, over all spaces. */
  readonly rowsRemoved: number;
  /** False where other processes were reading, so that the database file had to stay as it is. */
  readonly databaseRewritten: boolean;
}

/**
 * Rewrites the files of a data directory without what is dead in them; what they say stays the same. Each file is replaced
 * in one step, so that killed anywhere the same call finishes the work.
 * @throws `directory-missing`, `directory-locked`.
 */
export async function compact(path: string): Promise<CompactReport> {
  const directory = await openDirectory(path, { mode: 'write', create: false });
  const bytesBefore = bytesIn(path);
  let rowsRemoved = 0;
  let databaseRewritten = false;
  try {
    const catalog = new Catalog(directory);
    for (const name of Object.keys(catalog.spaceTable().spaces)) {
      const profiles = new EmbeddedProfileStore(directory, name);
      rowsRemoved += compactSpace(directory, catalog, profiles, name, { purge: false });
    }
    databaseRewritten = await compactState(directory);
  } finally {
    await directory.close();
  }
  await (await openDirectory(path, { mode: 'write', create: false })).close(); // removes the old environment
  return { bytesBefore, bytesAfter: bytesIn(path), rowsRemoved, databaseRewritten };
}

function bytesIn(path: string): number {
  const names = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
  return names.reduce((sum, name) => {
    const found = statSync(join(path, name));
    return sum + (found.isFile() ? found.size : 0);
  }, 0);
}
