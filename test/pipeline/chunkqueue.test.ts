import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkQueue } from '../../src/pipeline/chunkqueue.js';

test('every user is in one chunk, whichever thread takes which; nothing comes after the last', () => {
  fc.assert(
    fc.property(
      fc.nat(20_000),
      fc.integer({ min: 1, max: 64 }),
      fc.array(fc.nat(2)),
      (total, threads, turns) => {
        const first = new ChunkQueue(total, threads);
        const queues = [first, new ChunkQueue(first.shared), new ChunkQueue(first.shared)];
        const seen: (readonly [number, number])[] = [];
        for (let turn = 0; ; turn++) {
          const chunk = queues[turns[turn % turns.length] ?? 0].take();
          if (!chunk) break;
          expect(first.endOf(chunk[0])).toBe(chunk[1]);
          seen.push(chunk);
        }
        expect(queues.map((queue) => queue.take())).toEqual([null, null, null]);
        expect(seen.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
          Array.from({ length: total }, (_, user) => user),
        );
        const sizes = seen.map(([from, to]) => to - from);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(512);
        if (total > 16 * 16 * threads) expect(sizes.length).toBeGreaterThan(8 * threads);
      },
    ),
  );
});
