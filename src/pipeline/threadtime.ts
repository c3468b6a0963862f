import { existsSync, readFileSync } from 'node:fs';

/** Of one thread: nanoseconds on a processor, first (Linux). */
const scheduleName = 'schedstat';

/**
 * Milliseconds that this thread has computed so far. Where the system does not tell, time on the clock: it counts what the
 * thread waited for a processor too.
 */
export function threadMs(): number {
  return computedMs('/proc/thread-self') ?? performance.now();
}

/** The same of the thread whose folder of the system is given; null where there is no such thread, or nothing is told. */
export function computedMs(folder: string): number | null {
  const file = `${folder}/${scheduleName}`;
  if (!existsSync(file)) return null;
  const spent = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return spent > 0 ? spent / 1e6 : null;
}
