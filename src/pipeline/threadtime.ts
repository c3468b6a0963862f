import { readFileSync } from 'node:fs';

/** Of the thread that reads it: nanoseconds on a processor, first (Linux). */
const schedule = '/proc/thread-self/schedstat';

/**
 * Milliseconds that this thread has computed so far. Where the system does not tell, time on the clock: it counts what the
 * thread waited for a processor too.
 */
export function threadMs(): number {
  try {
    const spent = Number.parseInt(readFileSync(schedule, 'utf8'), 10);
    if (spent > 0) return spent / 1e6;
  } catch {
    // No such file here.
  }
  return performance.now();
}
