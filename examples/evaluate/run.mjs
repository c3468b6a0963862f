// An evaluation from code, with contenders of one's own (contenders.mjs beside): a small catalog in eight directions, users
// who like two of them each, walked forward by day.
//
//   node examples/evaluate/run.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate, evaluationHtml, open } from 'pinnersage';
import { createRng } from 'pinnersage/core';

const dir = mkdtempSync(join(tmpdir(), 'pinnersage-evaluate-'));
const data = await open(join(dir, 'data'));
const rng = createRng(1);
const [items, directions, dim] = [400, 8, 16];
await data.putItems(
  Array.from({ length: items }, (_, i) => ({
    itemId: `item-${i}`,
    embedding: Float32Array.from(
      { length: dim },
      (_, k) => (k === i % directions ? 2 : 0) + 0.3 * rng.normal(),
    ),
  })),
);
const start = Date.parse('2026-01-01T00:00:00Z');
const actions = Array.from({ length: 60 }, (_, u) =>
  Array.from({ length: 25 }, () => ({
    userId: `user-${u}`,
    itemId: `item-${directions * rng.below(items / directions) + ((u + 3 * rng.below(2)) % directions)}`,
    type: 'save',
    timestamp: start + Math.floor(rng.uniform() * 60 * 86_400_000),
  })),
).flat();
await data.appendActions(actions);
await data.close();

const report = await evaluate(join(dir, 'data'), {
  contenders: ['popularity', 'last', 'average-0.01', 'medoid-0.01', 'oracle'],
  modules: [{ module: new URL('./contenders.mjs', import.meta.url).href }],
});
const { budget, users, steps } = report.protocol;
console.log(`${users} users, ${steps} user steps, ${budget} candidates each\n`);
const figure = ({ mean, low, high }) => `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
for (const { name, metrics, differences } of report.contenders)
  console.log(
    `${name.padEnd(14)} recall ${figure(metrics[`recall@${budget}`])}` +
      `   minus ${report.baseline} ${figure(differences[`recall@${budget}`])}`,
  );
console.log(`\n${report.words.join('\n')}`);
console.log(
  `\nthe same as a page with charts: evaluationHtml(report), ${evaluationHtml(report).length} characters`,
);
rmSync(dir, { recursive: true });
