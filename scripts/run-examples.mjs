// Runs every example that needs no data from outside; those that do say so and are skipped where it is absent.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../examples', import.meta.url));
let failed = 0;
for (const name of readdirSync(folder).sort()) {
  const script = join(folder, name, 'run.mjs');
  if (!existsSync(script)) continue;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  const outcome = status === 0 ? 'ok' : status === 77 ? 'skipped' : 'FAILED';
  console.log(`${outcome}: examples/${name}${status === 77 ? `: ${stderr.trim().split('\n').at(-1)}` : ''}`);
  if (status !== 0 && status !== 77) {
    failed++;
    console.log(stdout, stderr);
  }
}
process.exit(failed === 0 ? 0 : 1);
