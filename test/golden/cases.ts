import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One case of test/golden/ward.py. */
export interface GoldenCase {
  readonly name: string;
  readonly n: number;
  readonly dim: number;
  readonly x: Float32Array | Float64Array;
  readonly sizes?: readonly number[];
  readonly heights: readonly number[];
  readonly flats: readonly GoldenFlat[];
}

export interface GoldenFlat {
  readonly alpha: number;
  readonly labels: readonly number[];
  /** Per cluster, the least Σ ‖x_m − x_j‖² over its members m. */
  readonly medoidSums: readonly number[];
}

type Stored = Omit<GoldenCase, 'x'> & { readonly points: string; readonly kind: 'f4' | 'f8' };

export function goldenCases(): GoldenCase[] {
  const path = fileURLToPath(new URL('data/ward.json', import.meta.url));
  const stored = JSON.parse(readFileSync(path, 'utf8')) as Stored[];
  return stored.map(({ points, kind, ...rest }) => {
    const bytes = Uint8Array.from(Buffer.from(points, 'base64')).buffer;
    return { ...rest, x: kind === 'f4' ? new Float32Array(bytes) : new Float64Array(bytes) };
  });
}
