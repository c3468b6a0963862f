import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { npyBlocks, readNpy, readNpyHeader, writeNpy } from '../../src/files/npy.js';
import { tempDir, write } from './helpers.js';

const dir = tempDir();

/** A file as NumPy lays it out, by its format description. */
function npy(version: number, dict: string, data: Uint8Array): Buffer {
  const header = Buffer.from(`${dict}\n`);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, header, data]);
}

const six = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
const dict = (shape: string, descr = "'<f4'", order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

test.each([1, 2, 3])('version %d', async (version) => {
  const path = write(dir, `v${version}.npy`, npy(version, dict('(3, 2)'), six));
  expect(await readNpy(path)).toEqual({ rows: 3, dim: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) });
});

test('float64 is rounded to float32', async () => {
  const data = new Uint8Array(Float64Array.of(0.1, -1e300, Number.NaN, 4).buffer);
  const path = write(dir, 'f8.npy', npy(1, dict('(2,2)', "'<f8'"), data));
  expect((await readNpy(path)).data).toEqual(Float32Array.of(0.1, Number.NEGATIVE_INFINITY, Number.NaN, 4));
});

test('what is written is read back, whole and in blocks, and laid out as NumPy does', async () => {
  const shapes = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 50 }),
  );
  const path = join(dir, 'round.npy');
  await fc.assert(
    fc.asyncProperty(shapes, async ([rows, dim, perBlock]) => {
      const data = Float32Array.from({ length: rows * dim }, (_, i) => Math.fround(Math.sin(i)));
      await writeNpy(path, { rows, dim, data });
      expect(await readNpy(path)).toEqual({ rows, dim, data });
      const { dataStart } = await readNpyHeader(path);
      expect(dataStart % 64).toBe(0);
      expect(readFileSync(path)[dataStart - 1]).toBe(10);
      let row = 0;
      for await (const block of npyBlocks(path, perBlock)) {
        expect(block.first).toBe(row);
        expect(block.data).toEqual(data.slice(row * dim, (row + block.rows) * dim));
        row += block.rows;
      }
      expect(row).toBe(rows);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['order', npy(1, dict('(3, 2)', "'<f4'", 'True'), six), 'Fortran order, expected C order'],
  ['type', npy(1, dict('(3, 2)', "'<i8'"), six), 'numbers of type <i8, expected <f4 or <f8'],
  ['endian', npy(1, dict('(3, 2)', "'>f4'"), six), 'numbers of type >f4'],
  ['record', npy(1, dict('(3, 2)', "[('a', '<f4')]"), six), "numbers of type [('a', '<f4')]"],
  ['flat', npy(1, dict('(6,)'), six), '1 dimensions, expected 2'],
  [
    'short',
    npy(1, dict('(4, 2)'), six),
    'shape (4, 2) of 4-byte numbers needs 32 bytes of data, the file has 24',
  ],
  [
    'long',
    npy(1, dict('(2, 2)'), six),
    'shape (2, 2) of 4-byte numbers needs 16 bytes of data, the file has 24',
  ],
  ['thin', npy(1, dict('(6, 0)'), new Uint8Array()), 'rows of 0 numbers'],
  ['cut', npy(1, dict('(3, 2)'), six).subarray(0, 20), 'its header of 60 bytes is cut short'],
  ['csv', Buffer.from('a,b\n1,2\n3,4\n5,6\n'), 'it does not begin with the bytes of a .npy file'],
  ['new', npy(4, dict('(3, 2)'), six), 'version 4 of the format'],
  ['odd', npy(1, '{}', six), 'its header is not understood: {}'],
])('refuses %s', async (name, bytes, message) => {
  const path = write(dir, `${name}.npy`, bytes);
  const error = await readNpy(path).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: 'PinnersageError', code: 'file-format' });
  expect(error.message).toContain(`${path}: ${message}`);
});

test('no rows, no bytes, no file', async () => {
  const none = write(dir, 'none.npy', npy(1, dict('(0, 2)'), new Uint8Array()));
  await expect(readNpy(none)).rejects.toMatchObject({ code: 'file-empty' });
  await expect(readNpy(write(dir, 'empty.npy', ''))).rejects.toMatchObject({ code: 'file-empty' });
  await expect(readNpy(join(dir, 'missing.npy'))).rejects.toMatchObject({ code: 'file-missing' });
});
