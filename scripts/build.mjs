// Builds dist/ from src/. Node built-ins only, so that it can run before anything is installed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

rmSync(`${root}dist`, { recursive: true, force: true });
if (existsSync(`${root}scripts/build-kernels.mjs`)) run(process.execPath, ['scripts/build-kernels.mjs']);
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
// The bench's Python rivals are a script beside its code.
copyFileSync(`${root}src/bench/rivals.py`, `${root}dist/bench/rivals.py`);
