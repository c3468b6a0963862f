import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Which rooms each room may import (docs/design.md). `errors.ts` may be imported anywhere. */
const mayImport: Record<string, readonly string[] | 'anything'> = {
  'errors.ts': [],
  model: [],
  math: [],
  cluster: ['math'],
  profile: ['model', 'math', 'cluster'],
  disk: ['model'],
  files: ['model'],
  catalog: ['model', 'math', 'disk', 'files'],
  embed: ['model', 'math'],
  actions: ['model', 'disk', 'files'],
  store: ['model', 'disk'],
  ann: ['math'],
  retrieve: ['model', 'math', 'ann', 'profile'],
  pipeline: [
    'model',
    'math',
    'cluster',
    'profile',
    'disk',
    'files',
    'catalog',
    'embed',
    'actions',
    'store',
    'ann',
    'retrieve',
  ],
  evaluate: [
    'model',
    'math',
    'cluster',
    'profile',
    'disk',
    'files',
    'catalog',
    'embed',
    'actions',
    'store',
    'ann',
    'retrieve',
    'pipeline',
  ],
  api: ['model'],
  server: ['model', 'disk', 'pipeline', 'api'],
  client: ['model', 'api'],
  'client.ts': ['model', 'api', 'client'],
  demo: ['model', 'math'],
  'core.ts': ['model', 'math', 'cluster', 'profile'],
  'index.ts': 'anything',
  bench: 'anything',
  cli: 'anything',
};

/** Rooms of `pinnersage/core`: no `node:` module, no package, no clock, no Math.random. */
const pureRooms = ['model', 'math', 'cluster', 'profile', 'core.ts'];

const src = fileURLToPath(new URL('../src', import.meta.url));
const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g;

interface Edge {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function roomOf(path: string): string {
  return relative(src, path).split(sep)[0];
}

function sources(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(src, name));
}

function edges(): Edge[] {
  const found: Edge[] = [];
  for (const path of sources()) {
    for (const [, target] of readFileSync(path, 'utf8').matchAll(importPattern)) {
      found.push({ file: relative(src, path), room: roomOf(path), target });
    }
  }
  return found;
}

function isForbidden({ file, room, target }: Edge): boolean {
  if (!target.startsWith('.')) return pureRooms.includes(room);
  const to = roomOf(join(src, file, '..', target.replace(/\.js$/, '.ts')));
  const allowed = mayImport[room] ?? [];
  return to !== room && to !== 'errors.ts' && allowed !== 'anything' && !allowed.includes(to);
}

test('every room imports only what the table allows', () => {
  const bad = edges()
    .filter(isForbidden)
    .map((edge) => `${edge.file} imports ${edge.target}`);
  expect(bad).toEqual([]);
});

test('every room is in the table', () => {
  const unknown = [...new Set(sources().map(roomOf))].filter((room) => !(room in mayImport));
  expect(unknown).toEqual([]);
});

test('the rooms of pinnersage/core read no clock and no unseeded randomness', () => {
  const bad = sources()
    .filter((path) => pureRooms.includes(roomOf(path)))
    .filter((path) =>
      /Math\.random|Date\.now|new Date\(\)|performance\.now/.test(readFileSync(path, 'utf8')),
    );
  expect(bad.map((path) => relative(src, path))).toEqual([]);
});

test('only index.ts, core.ts and client.ts re-export', () => {
  const bad = sources()
    .filter((path) => !['index.ts', 'core.ts', 'client.ts'].includes(relative(src, path)))
    .filter((path) => /^export\s[^;]*\sfrom\s'/m.test(readFileSync(path, 'utf8')));
  expect(bad.map((path) => relative(src, path))).toEqual([]);
});

test('the checker itself finds a forbidden edge', () => {
  expect(isForbidden({ file: 'cluster/ward.ts', room: 'cluster', target: '../store/profiles.js' })).toBe(
    true,
  );
  expect(isForbidden({ file: 'math/rng.ts', room: 'math', target: 'node:fs' })).toBe(true);
  expect(isForbidden({ file: 'profile/infer.ts', room: 'profile', target: '../math/rng.js' })).toBe(false);
});
