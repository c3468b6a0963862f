import { createRng } from '../math/rng.js';

/** How far members of a topic lie from its centre, per coordinate; centres have 1. Cosines within a topic: about 0.8. */
const spread = 0.5;

/** Points of a topic, on average. */
const topicSize = 15;

/** Unit vectors around seeded topics, one per 15 points: what a user's items look like. */
export function clusteredPoints(n: number, d: number, seed: number): Float32Array {
  const rng = createRng(seed);
  const topics = Math.max(1, Math.round(n / topicSize));
  const centres = Float64Array.from({ length: topics * d }, () => rng.normal());
  const x = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const topic = rng.below(topics);
    const row = x.subarray(i * d, (i + 1) * d);
    let square = 0;
    for (let k = 0; k < d; k++) {
      row[k] = centres[topic * d + k] + spread * rng.normal();
      square += row[k] * row[k];
    }
    for (let k = 0; k < d; k++) row[k] /= Math.sqrt(square);
  }
  return x;
}
