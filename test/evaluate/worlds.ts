import { join } from 'node:path';
import { type EvaluateOptions, type EvaluationReport, evaluate, open, type PinnerSage } from 'pinnersage';
import { createRng } from '../../src/math/rng.js';
import type { Action } from '../../src/model/action.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

export const day = 86_400_000;
export const start = Date.parse('2026-01-01T00:00:00Z');

/** Items in eight directions: `item(i)` lies in direction i mod 8. */
export const itemCount = 200;
export const item = (i: number): string => `i${i}`;

/** A data directory with those items and the given actions; closed again. */
export async function directoryOf(
  actions: readonly Action[],
  more: (data: PinnerSage) => Promise<unknown> = async () => {},
): Promise<string> {
  const path = join(tempDir(), 'data');
  const data = await open(path);
  const noise = randomMatrix(3, itemCount, 12);
  await data.putItems(
    Array.from({ length: itemCount }, (_, i) => ({
      itemId: item(i),
      embedding: Float32Array.from({ length: 12 }, (_, k) => (k === i % 8 ? 2 : 0) + 0.3 * noise[12 * i + k]),
    })),
  );
  await data.appendActions(actions);
  await more(data);
  await data.close();
  return path;
}

/** Users who like two directions each and act on several days. */
export function usualActions(users: number, days = 40, perUser = 18): Action[] {
  const rng = createRng(7);
  return Array.from({ length: users }, (_, u) =>
    Array.from({ length: perUser }, () => ({
      userId: `u${u}`,
      itemId: item(8 * rng.below(itemCount / 8) + ((u + 3 * rng.below(2)) % 8)),
      type: 'save',
      timestamp: start + Math.floor(days * day * rng.uniform()),
    })),
  ).flat();
}

/** In this thread: to start others takes longer than so small a walk. */
export function evaluateHere(path: string, options: EvaluateOptions = {}): Promise<EvaluationReport> {
  return evaluate(path, { workers: 1, ...options });
}
