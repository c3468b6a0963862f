import { spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp.js';

/** Mounts a small file system in memory, which can grow; null where that is not permitted. */
export function smallDisk(mebibytes: number): { readonly path: string; readonly grow: () => void } | null {
  const path = tempDir();
  const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  if (mount(`size=${mebibytes}m`).status !== 0) return null;
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  return { path, grow: () => void mount('remount,size=512m') };
}
