import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildHnsw, hnswDefaults, hnswVersion, openHnsw, requireHnswLibrary } from '../../src/ann/hnsw.js';
import { tempDir } from '../helpers/temp.js';
import { randomMatrix } from '../helpers/vectors.js';

const library = requireHnswLibrary();
const dim = 16;
const vectors = randomMatrix(1, 3000, dim);
const rows = Uint32Array.from({ length: 2500 }, (_, i) => i + 100);
const input = { vectors, dim, normalized: true, rows, parameters: hnswDefaults, threads: 1 };

test('the library is the one of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest.optionalDependencies.usearch).toBe(hnswVersion);
  expect(library.name).toBe(`usearch ${hnswVersion}`);
});

test('one thread makes the same file of the same rows', () => {
  const folder = tempDir();
  const built = ['a', 'b'].map((name) => {
    const path = join(folder, name);
    expect([...buildHnsw(library, input, path)]).toEqual([1024, 2048, 2500]);
    return readFileSync(path);
  });
  expect(built[0].equals(built[1])).toBe(true);
});

test('neighbours are rows of the matrix, and every indexed row finds itself', () => {
  const path = join(tempDir(), 'graph');
  for (const _ of buildHnsw(library, input, path));
  const graph = openHnsw(library, path, input);
  expect(graph.size).toBe(2500);
  for (let row = 100; row < 2600; row += 97)
    expect(graph.near(vectors.subarray(row * dim, (row + 1) * dim), 3)[0]).toBe(row);
  expect(new Set(graph.near(vectors.subarray(0, dim), 5000)).size).toBe(2500);
});

test('a vector that is not finite is refused by its row', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = vectors.slice();
    broken[1234 * dim + 3] = bad;
    const path = join(tempDir(), 'graph');
    expect(() => [...buildHnsw(library, { ...input, vectors: broken }, path)]).toThrow(
      `row 1234: got ${bad} in dimension 3`,
    );
  }
});
