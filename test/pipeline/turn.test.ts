import { expect, test } from 'vitest';
import { Turn } from '../../src/pipeline/serve/turn.js';

test('who comes in one turn of the event loop goes on together, each step of all before the next of any', async () => {
  const turn = new Turn();
  const steps: string[] = [];
  const one = async (name: string): Promise<void> => {
    await turn.wait();
    steps.push(`${name} first`);
    await Promise.resolve();
    steps.push(`${name} second`);
  };
  const all = ['a', 'b', 'c'].map(one);
  await Promise.resolve();
  expect(steps).toEqual([]);
  await Promise.all(all);
  expect(steps).toEqual(['a first', 'b first', 'c first', 'a second', 'b second', 'c second']);
});

test('five at most go on together, and who comes later is not left behind', async () => {
  const turn = new Turn();
  const gone: number[] = [];
  const all = Array.from({ length: 12 }, (_, i) => turn.wait().then(() => gone.push(i)));
  await Promise.resolve();
  expect(gone).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await Promise.all(all);
  expect(gone).toHaveLength(12);
  await turn.wait(); // alone, in another turn
});
