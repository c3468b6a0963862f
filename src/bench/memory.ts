import { existsSync, readFileSync } from 'node:fs';

/** Resident memory of a process that no file backs, bytes: Linux tells, other systems do not. */
export function ownMemory(pid: number): number | null {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return null;
  const status = readFileSync(path, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return 1024 * (kib('RssAnon') + kib('RssShmem'));
}
