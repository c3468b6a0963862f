// Centres rows and lays them out in the panels that `tile` reads.
//
// Source: docs/performance.md. Any common shift leaves distances as they are; the mean keeps float32's digits for what
// differs between rows. Shapes: x is n × dim, row by row; `mean`, `gap` and every k of a panel are padded to `depth`.

/** mean = scale · Σ x / n and gap = mean / scale: the row that packs to zeros. False where a sum is not finite. */
export function centre(x: usize, n: i32, dim: i32, scale: f32, mean: usize, gap: usize, depth: i32): bool {
  memory.fill(mean, 0, <usize>depth << 2);
  memory.fill(gap, 0, <usize>depth << 2);
  const row = <usize>dim << 2;
  let i = 0;
  for (; i + 3 < n; i += 4, x += row << 2) sumRows(x, 4, row, scale, mean);
  for (; i < n; i++, x += row) sumRows(x, 1, row, scale, mean);
  let finite: f32 = 0;
  for (let k: usize = 0; k < row; k += 4) {
    finite += load<f32>(mean + k) * 0;
    store<f32>(mean + k, load<f32>(mean + k) / <f32>n);
    store<f32>(gap + k, load<f32>(mean + k) / scale);
  }
  return finite == 0;
}

/** Adds `count` rows, 1 or 4, to the sums. */
@inline function sumRows(x: usize, count: i32, row: usize, scale: f32, sums: usize): void {
  const s = f32x4.splat(scale);
  let k: usize = 0;
  for (const vectors = row & ~15; k < vectors; k += 16) {
    let sum = f32x4.mul(v128.load(x + k), s);
    if (count == 4) {
      const b = f32x4.mul(v128.load(x + row + k), s), c = f32x4.mul(v128.load(x + 2 * row + k), s);
      sum = f32x4.add(f32x4.add(sum, b), f32x4.add(c, f32x4.mul(v128.load(x + 3 * row + k), s)));
    }
    v128.store(sums + k, f32x4.add(v128.load(sums + k), sum));
  }
  for (; k < row; k += 4) {
    let sum = load<f32>(x + k) * scale;
    for (let r = 1; r < count; r++) sum += load<f32>(x + <usize>r * row + k) * scale;
    store<f32>(sums + k, load<f32>(sums + k) + sum);
  }
}

/** Packs rows list[0 … n − 1] of x (rows 0 … n − 1 where list is 0), and their squared norms in the order of `tile`. */
export function pack(
  x: usize, list: usize, n: i32, dim: i32, scale: f32, mean: usize, gap: usize, depth: i32, panels: usize, norms: usize,
): void {
  for (let i = 0; i < n; i += 8) {
    packFour(x, list, i, n, dim, scale, mean, gap, panels, norms);
    packFour(x, list, i + 4, n, dim, scale, mean, gap, panels + 16, norms + 16);
    for (let k = dim; k < depth; k++) {
      v128.store(panels + (<usize>k << 5), f32x4.splat(0));
      v128.store(panels + (<usize>k << 5), f32x4.splat(0), 16);
    }
    panels += <usize>depth << 5;
    norms += 32;
  }
}

@inline function rowAt(x: usize, list: usize, i: i32, n: i32, dim: i32, gap: usize): usize {
  if (i >= n) return gap;
  const index = list ? load<i32>(list + (<usize>i << 2)) : i;
  return x + (<usize>index * <usize>dim << 2);
}

function packFour(
  x: usize, list: usize, i: i32, n: i32, dim: i32, scale: f32, mean: usize, gap: usize, out: usize, norms: usize,
): void {
  const x0 = rowAt(x, list, i, n, dim, gap), x1 = rowAt(x, list, i + 1, n, dim, gap);
  const x2 = rowAt(x, list, i + 2, n, dim, gap), x3 = rowAt(x, list, i + 3, n, dim, gap);
  const s = f32x4.splat(scale);
  let norm = f32x4.splat(0);
  let k: usize = 0;
  for (const vectors = <usize>(dim & ~3) << 2; k < vectors; k += 16, out += 128) {
    const m = v128.load(mean + k);
    const r0 = f32x4.sub(f32x4.mul(v128.load(x0 + k), s), m), r1 = f32x4.sub(f32x4.mul(v128.load(x1 + k), s), m);
    const r2 = f32x4.sub(f32x4.mul(v128.load(x2 + k), s), m), r3 = f32x4.sub(f32x4.mul(v128.load(x3 + k), s), m);
    const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const t0 = v128.shuffle<f64>(a, c, 0, 2), t1 = v128.shuffle<f64>(a, c, 1, 3);
    const t2 = v128.shuffle<f64>(b, d, 0, 2), t3 = v128.shuffle<f64>(b, d, 1, 3);
    v128.store(out, t0), v128.store(out, t1, 32), v128.store(out, t2, 64), v128.store(out, t3, 96);
    norm = f32x4.add(norm, f32x4.mul(t0, t0)), norm = f32x4.add(norm, f32x4.mul(t1, t1));
    norm = f32x4.add(norm, f32x4.mul(t2, t2)), norm = f32x4.add(norm, f32x4.mul(t3, t3));
  }
  for (const row = <usize>dim << 2; k < row; k += 4, out += 32) {
    let t = f32x4(load<f32>(x0 + k), load<f32>(x1 + k), load<f32>(x2 + k), load<f32>(x3 + k));
    t = f32x4.sub(f32x4.mul(t, s), v128.load32_splat(mean + k));
    v128.store(out, t);
    norm = f32x4.add(norm, f32x4.mul(t, t));
  }
  v128.store(norms, norm);
}

/** The largest of n numbers; NaN where one is. */
export function largest(values: usize, n: i32): f32 {
  let most = f32.MIN_VALUE;
  for (let i = 0; i < n; i++) {
    const value = load<f32>(values + (<usize>i << 2));
    if (!(value <= most)) most = value;
    if (most != most) break;
  }
  return most;
}
