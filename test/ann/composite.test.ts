import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createCompositeSearch, rowsOutside } from '../../src/ann/composite.js';
import { createExactSearch, type ExactSearchInput } from '../../src/ann/exact.js';
import {
  buildHnsw,
  centreOf,
  type HnswGraph,
  hnswDefaults,
  openHnsw,
  requireHnswLibrary,
} from '../../src/ann/hnsw.js';
import { measureRecall } from '../../src/ann/recall.js';
import { createRng } from '../../src/math/rng.js';
import { searchContract } from '../contract/search.js';
import { randomMatrix } from '../helpers/vectors.js';

const library = requireHnswLibrary();
const folder = mkdtempSync(join(tmpdir(), 'pinnersage-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** A graph over some rows of a matrix. */
function graphOf({ vectors, dim, normalized }: ExactSearchInput, indexed: Uint8Array): HnswGraph {
  const rows = rowsOutside(new Uint8Array(0), indexed);
  const path = join(folder, `${files++}.usearch`);
  const shape = { dim, normalized, parameters: hnswDefaults };
  const centre = normalized ? {} : { centre: centreOf(vectors, dim, rows) };
  const input = { ...shape, ...centre, vectors, rows, threads: 1 };
  expect([...buildHnsw(library, input, path)].at(-1) ?? 0).toBe(rows.length);
  return openHnsw(library, path, input);
}

const everyThird = (rows: number, offset: number): Uint8Array =>
  Uint8Array.from({ length: rows }, (_, row) => (row % 3 === offset ? 0 : 1));

searchContract(
  'composite search, everything indexed',
  (input) => {
    const indexed = new Uint8Array(input.live.length).fill(1);
    if (indexed.length === 0) return createExactSearch(input);
    return createCompositeSearch({ ...input, graph: graphOf(input, indexed), indexed, scannedPerFound: 0 });
  },
  { recall: 0.95 },
);

searchContract(
  'composite search, a third not indexed',
  (input) => {
    const indexed = everyThird(input.live.length, 1);
    if (indexed.length === 0) return createExactSearch(input);
    return createCompositeSearch({ ...input, graph: graphOf(input, indexed), indexed, scannedPerFound: 0 });
  },
  { recall: 0.95 },
);

test.each([1, 100, -1e5])(
  'beside a mean of %d the graph finds what the scan does, with its scores',
  (mean) => {
    const [count, wide] = [1500, 16];
    const vectors = randomMatrix(21, count, wide, false).map((x) => mean + 0.05 * x);
    const input = { vectors, dim: wide, live: new Uint8Array(count).fill(1), normalized: false };
    for (const inGraph of [input.live, everyThird(count, 1)]) {
      const graph = graphOf(input, inGraph);
      const search = createCompositeSearch({ ...input, graph, indexed: inGraph, scannedPerFound: 0 });
      const exact = createExactSearch(input);
      const queries = Array.from({ length: 30 }, (_, q) => vectors.subarray(q * wide, (q + 1) * wide));
      expect(measureRecall(search, exact, queries, 20).value).toBeGreaterThan(0.95);
      for (const query of queries) {
        const { rows: all, scores } = exact.search(query, count);
        const scoreOf = new Map(Array.from(all, (row, i) => [row, scores[i]]));
        const found = search.search(query, 20);
        expect(Array.from(found.scores)).toEqual(Array.from(found.rows, (row) => scoreOf.get(row)));
      }
    }
  },
);

const rows = 900;
const dim = 12;
const base = { vectors: randomMatrix(1, rows, dim), dim, normalized: true };
const indexed = Uint8Array.from({ length: rows }, (_, row) => (row < 700 && row % 5 !== 0 ? 1 : 0));
const graph = graphOf({ ...base, live: indexed }, indexed);

const randomBits = (seed: number, share: number): Uint8Array => {
  const rng = createRng(seed);
  return Uint8Array.from({ length: rows }, () => (rng.uniform() < share ? 1 : 0));
};

/** In hundredths: doubles from 0 to 1 are almost all too small to let anything in. */
const share = fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths / 100);

test('whatever is live, indexed and admitted, as many come back as the exact scan finds, and nearly the same', () => {
  let wanted = 0;
  let hits = 0;
  fc.assert(
    fc.property(
      fc.nat(1e6),
      share,
      fc.option(share),
      fc.integer({ min: 0, max: 300 }),
      (seed, liveShare, admitShare, k) => {
        const live = randomBits(seed, liveShare);
        const input = { ...base, live };
        const bits = randomBits(seed + 1, admitShare ?? 1);
        const admit =
          admitShare === null ? undefined : { bits, count: bits.filter((bit) => bit === 1).length };
        const query = randomMatrix(seed + 2, 1, dim);
        const expected = createExactSearch(input).search(query, k, admit);
        const found = createCompositeSearch({ ...input, graph, indexed, scannedPerFound: 0 }).search(
          query,
          k,
          admit,
        );
        expect(found.rows).toHaveLength(expected.rows.length);
        for (const row of found.rows) expect(live[row] & (admit?.bits[row] ?? 1)).toBe(1);
        const scores = new Map([...expected.rows].map((row, i) => [row, expected.scores[i]]));
        found.rows.forEach((row, i) => {
          if (scores.has(row)) expect(found.scores[i]).toBe(scores.get(row));
        });
        wanted += scores.size;
        hits += found.rows.filter((row) => scores.has(row)).length;
      },
    ),
  );
  expect(hits / wanted).toBeGreaterThan(0.97);
});

test('the nearest rows are found where they are only in the delta, and never where they are masked', () => {
  const live = Uint8Array.from(indexed);
  live[705] = 1; // appended
  live[5] = 1; // not in the graph although it is old
  live[1] = 0; // in the graph, deleted
  const search = createCompositeSearch({ ...base, live, graph, indexed, scannedPerFound: 0 });
  const nearest = (row: number): number =>
    search.search(base.vectors.subarray(row * dim, (row + 1) * dim), 5).rows[0];
  expect(nearest(705)).toBe(705);
  expect(nearest(5)).toBe(5);
  expect(nearest(1)).not.toBe(1);
});

test('rows admitted by fewer than one in twenty are scanned, and so are small catalogs', () => {
  let asked = 0;
  const counting: HnswGraph = {
    size: graph.size,
    near: (query, wanted) => {
      asked++;
      return graph.near(query, wanted);
    },
  };
  const live = new Uint8Array(rows).fill(1);
  const query = randomMatrix(9, 1, dim);
  const eager = createCompositeSearch({ ...base, live, graph: counting, indexed, scannedPerFound: 0 });
  const few = randomBits(3, 0.02);
  eager.search(query, 5, { bits: few, count: few.filter((bit) => bit === 1).length });
  createCompositeSearch({ ...base, live, graph: counting, indexed }).search(query, 50);
  expect(asked).toBe(0);
  eager.search(query, 5);
  expect(asked).toBe(1);
});

test('recall counts what of the exact neighbours was found', () => {
  const live = new Uint8Array(rows).fill(1);
  const exact = createExactSearch({ ...base, live });
  const half = createExactSearch({ ...base, live: everyThird(rows, 0) });
  const queries = Array.from({ length: 40 }, (_, q) => randomMatrix(50 + q, 1, dim));
  expect(measureRecall(exact, exact, queries, 10)).toEqual({ k: 10, queries: 40, value: 1 });
  const { value } = measureRecall(half, exact, queries, 10);
  expect(value).toBeGreaterThan(0.55);
  expect(value).toBeLessThan(0.78);
});
