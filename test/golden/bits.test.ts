import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createClusterer } from '../../src/cluster/clusterer.js';
import { goldenCases } from './cases.js';

/**
 * Every bit of the kernels' results on the golden points: merges, heights, labels, medoids. It does not say that they
 * are right (golden.test.ts does) but that they are the same on every runtime, host and run. A change of arithmetic in
 * kernels/ is a change of this digest, to be made knowingly.
 */
const digest = '0aa2b4837abfa4a3a78065218f2eb1d92a0fd101c38f6742dc51dc8359847fe2';

test('results are the same, bit by bit, on every runtime', () => {
  const hash = createHash('sha256');
  for (const { x, n, dim, sizes, flats } of goldenCases()) {
    const clusterer = createClusterer(dim);
    clusterer.vectors(n).set(x);
    const { a, b, heights } = clusterer.tree(n, sizes);
    hash.update(a).update(b).update(heights);
    for (const { alpha } of flats) {
      const { labels, medoids } = clusterer.flat(n, { alpha, ...(sizes && { sizes }) });
      hash.update(labels).update(medoids);
    }
  }
  expect(hash.digest('hex')).toBe(digest);
});
