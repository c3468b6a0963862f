/**
 * Adjusted Rand index of two partitions of the same n points.
 *
 * What: (pairs together in both − expected) / (mean of pairs together in either − expected); 1 for equal partitions, about
 * 0 for unrelated ones, may be negative.
 * Source: Hubert and Arabie, Comparing partitions, 1985, doi:10.1007/BF01908075, equation 5.
 * Convention: labels are any integers. Where both partitions are trivial in the same way (all together, or all apart)
 * the quotient is 0/0 and the result 1.
 * Shapes: a and b of n labels each.
 * Time and memory: O(n).
 * Checked by: test/cluster/rand.test.ts, values by hand and a twin that counts pairs.
 */
export function adjustedRand(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const cells = new Map<string, number>();
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    count(cells, `${a[i]}:${b[i]}`);
    count(rows, a[i]);
    count(columns, b[i]);
  }
  const together = pairsIn(cells);
  const inA = pairsIn(rows);
  const inB = pairsIn(columns);
  const all = (a.length * (a.length - 1)) / 2;
  const expected = all === 0 ? 0 : (inA * inB) / all;
  const largest = (inA + inB) / 2;
  return largest === expected ? 1 : (together - expected) / (largest - expected);
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function pairsIn(counts: ReadonlyMap<unknown, number>): number {
  let pairs = 0;
  for (const n of counts.values()) pairs += (n * (n - 1)) / 2;
  return pairs;
}
