import { describe, expect, test } from 'vitest';
import { createKernel, createSharedKernel, createSharedMemory, kernelKind } from '../../src/math/kernel.js';
import { agree, compileWide } from '../../src/math/wide.js';

describe('kernels', () => {
  test('every instance has its own memory', () => {
    const [one, other] = [createKernel(), createKernel()];
    one.memory.grow(1);
    other.memory.grow(1);
    new Uint8Array(one.memory.buffer)[50_000] = 7;
    expect(new Uint8Array(other.memory.buffer)[50_000]).toBe(0);
  });

  test('the wide module is tried where V8 knows it, and only there', () => {
    const tried: Uint8Array[] = [];
    const bytes = Uint8Array.of(1, 2, 3);
    compileWide(bytes, (copy) => tried.push(copy));
    const known = Number.parseInt(process.versions.v8, 10) >= 13 && process.arch === 'x64';
    expect(tried.length).toBe(known ? 1 : 0);
    expect(kernelKind()).toBe(known ? 'simd256' : 'simd128');
  });

  test('the self-test notices one wrong result', () => {
    const wrong = createKernel();
    const altered = {
      ...wrong,
      normsOf: (z: number, n: number, depth: number, norms: number) => {
        wrong.normsOf(z, n, depth, norms);
        new Float32Array(wrong.memory.buffer, norms)[1] *= 1.5;
      },
    };
    expect(agree(createKernel(), createKernel())).toBe(true);
    expect(agree(createKernel(), altered)).toBe(false);
  });

  test('in shared memory they leave the same bytes', () => {
    const shared = createSharedKernel(createSharedMemory(65536, 16));
    expect(agree(createKernel(), shared)).toBe(true);
  });
});
