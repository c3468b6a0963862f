import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Directory } from './directory.js';
import { syncDirectory } from './durable.js';
import { readMarker, writeMarker } from './marker.js';

/**
 * Rewrites the LMDB environment without free pages into a folder of its own and points the marker to it: one step, so a
 * crash leaves the old environment or the new one, and the next writer removes the other. Afterwards close `directory`,
 * which still has the old one open.
 * Returns false, changing nothing, where other processes are reading: they would not see what is written later.
 */
export async function compactState(directory: Directory): Promise<boolean> {
  const { path } = directory;
  const marker = readMarker(path);
  const next = `state-${Number(marker.state.split('-')[1] ?? 1) + 1}`;
  const folder = join(path, next);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  try {
    await directory.copyTo(folder);
  } catch (error) {
    rmSync(folder, { recursive: true }); // a disk that it has filled is wanted by others
    throw error;
  }
  syncDirectory(folder);
  syncDirectory(path);
  if (directory.otherReaders() > 0) {
    rmSync(folder, { recursive: true });
    return false;
  }
  writeMarker(path, { ...marker, state: next });
  return true;
}
