// What the actions behind every point come to.
//
// Source: algorithm.md §3. Convention: as src/profile/importance.ts sums a run of actions, in the same order.
// Shapes: the actions of point i are offsets[i] … offsets[i + 1] − 1; times, asOf and unit in the same unit, λ per unit.
import { exp } from './exp';

/** Per point: its actions, the time of the last one, and Σ w e^(−λ age). */
export function weighActions(
  n: i32, offsets: usize, times: usize, weights: usize, asOf: f64, unit: f64, lambda: f64,
  counts: usize, lasts: usize, sums: usize,
): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const from = load<u32>(offsets + (i << 2)), to = load<u32>(offsets + (i << 2), 4);
    let last = -Infinity, sum: f64 = 0;
    for (let a = from; a < to; a++) {
      const time = load<f64>(times + (<usize>a << 3));
      last = max(last, time);
      const age = max<f64>(0, asOf - time) / unit;
      sum += load<f64>(weights + (<usize>a << 3)) * exp(-lambda * age);
    }
    store<u32>(counts + (i << 2), to - from);
    store<f64>(lasts + (i << 3), last);
    store<f64>(sums + (i << 3), sum);
  }
}
