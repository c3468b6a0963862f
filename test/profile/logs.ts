import type { ActionType, UserLog } from '../../src/model/action.js';
import { dayMs } from '../../src/model/action.js';
import type { CollectOptions } from '../../src/profile/points.js';

/** An action as tests write it: item key, days after day 0, type code, weight. */
export interface Row {
  readonly item: number;
  readonly day: number;
  readonly type?: number;
  readonly weight?: number;
}

export const types: readonly ActionType[] = [
  { role: 'interest', weight: 1 },
  { role: 'interest', weight: 0.5 },
  { role: 'exclude', weight: 1 },
  { role: 'impression', weight: 1 },
];

/** Columns with room to spare, as a reader that reuses its buffers hands them out. */
export function logOf(rows: readonly Row[]): UserLog {
  const room = rows.length + 3;
  const log = {
    length: rows.length,
    items: new Uint32Array(room).fill(0xffffffff),
    times: new Float64Array(room).fill(Number.NaN),
    types: new Uint16Array(room).fill(0xffff),
    weights: new Float32Array(room).fill(Number.NaN),
    seqs: new Float64Array(room),
  };
  rows.forEach((row, i) => {
    log.items[i] = row.item;
    log.times[i] = row.day * dayMs;
    log.types[i] = row.type ?? 0;
    log.weights[i] = row.weight ?? 1;
    log.seqs[i] = i + 1;
  });
  return log;
}

/** By default everything counts, and id order is key order. */
export function pointOptions(changed: Partial<CollectOptions> = {}): CollectOptions {
  return {
    windowDays: 90,
    types,
    maxItems: 20_000,
    hasVector: () => true,
    idRank: Uint32Array.from({ length: 64 }, (_, i) => i),
    ...changed,
  };
}
