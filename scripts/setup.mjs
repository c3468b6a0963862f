// Brings a clone to a runnable state: installs when the lockfile changed, builds when the sources changed.
// Node built-ins only. `npm run demo` and `npm test` call it first, so a newcomer never has to.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'node_modules', '.pinnersage-setup.json');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`pinnersage needs Node 20.19 or newer, this is ${process.versions.node}.`);
  process.exit(2);
}

function* filesUnder(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (!entry.name.endsWith('.wasm.ts')) yield path;
  }
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(relative(root, path)).update('\0').update(readFileSync(path));
  return hash.digest('hex');
}

function run(label, command, args) {
  console.error(`setup: ${label}`);
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.error) throw done.error;
  if (done.status !== 0) {
    console.error(`setup: ${label} failed (${command} ${args.join(' ')})`);
    process.exit(1);
  }
}

const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
const lock = hashOf([join(root, 'package-lock.json')]);
if (stamp.lock !== lock) {
  // No install scripts: every native package we take ships its binaries inside the registry package.
  run('installing packages', 'npm', [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  stamp.sources = undefined;
}
const sources = hashOf([
  ...filesUnder(join(root, 'src')),
  ...filesUnder(join(root, 'kernels')),
  ...filesUnder(join(root, 'scripts')),
  join(root, 'tsconfig.json'),
  join(root, 'package.json'),
]);
if (stamp.sources !== sources || !existsSync(join(root, 'dist', 'index.js'))) {
  run('building', process.execPath, ['scripts/build.mjs']);
}
writeFileSync(stampFile, `${JSON.stringify({ lock, sources })}\n`);
