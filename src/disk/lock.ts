import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PinnersageError } from '../errors.js';

/**
 * One writer per data directory, by a lock that the operating system drops when the process dies.
 *
 * Node has no file locks of its own. DuckDB takes an exclusive one (fcntl, LockFile on Windows) on every database
 * that it opens, so an empty database serves as the lock file: nothing is ever stored in it.
 * Such locks do not exclude the process that holds them, hence the set.
 */
const held = new Set<string>();

export interface WriterLock {
  release(): void;
}

export async function acquireWriterLock(directory: string): Promise<WriterLock> {
  const key = realpathSync(directory);
  if (held.has(key)) throw lockedError(directory, 'this process');
  held.add(key);
  try {
    // Readers do not pay for loading it, and nobody for the tenfold of what is written around it.
    const { default: duckdb } = await import('@duckdb/node-bindings');
    const config = duckdb.create_config();
    duckdb.set_config(config, 'threads', '1');
    const database = await duckdb.open(join(key, 'writer.lock'), config);
    return {
      release() {
        duckdb.close_sync(database);
        held.delete(key);
      },
    };
  } catch (error) {
    held.delete(key);
    const text = error instanceof Error ? error.message : String(error);
    const holder = /\(PID (\d+)\)/.exec(text)?.[1];
    if (/Conflicting lock/i.test(text))
      throw lockedError(directory, holder ? `process ${holder}` : 'another process');
    throw new PinnersageError(
      'file-access',
      `${join(directory, 'writer.lock')} cannot be locked: ${text.split('\n')[0]}`,
    );
  }
}

function lockedError(directory: string, holder: string): PinnersageError {
  return new PinnersageError(
    'directory-locked',
    `${directory}: ${holder} is writing to this data directory; one writer at a time, readers are free`,
  );
}
