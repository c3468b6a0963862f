// What both evaluations of real data do once the data are in: three spaces calibrated, then one report over them.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('cli/main.js', import.meta.resolve('pinnersage')));

/**
 * Calibrates the spaces text, actions and mix of a data directory, evaluates them beside one another into `report` (HTML) and,
 * where it is named, `result` (JSON), and removes the folder that the directory is in.
 */
export function evaluateSpaces(dir, { calibrate, evaluate, report, result }) {
  /** A command on the directory; what it prints goes to the terminal, or comes back. */
  const run = (stdout, ...args) => {
    const { status, stdout: printed } = spawnSync(process.execPath, [cli, ...args, '--data', dir], {
      stdio: ['inherit', stdout, 'inherit'],
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) process.exit(status ?? 1);
    return printed;
  };
  for (const space of ['text', 'actions', 'mix']) run('inherit', 'calibrate', '--space', space, ...calibrate);
  const flags = ['--beside', 'actions,mix', '--exposure-strength', '1', '--report', report, ...evaluate];
  const printed = run(result ? 'pipe' : 'inherit', 'evaluate', ...flags, ...(result ? ['--json'] : []));
  if (result) writeFileSync(result, printed);
  rmSync(join(dir, '..'), { recursive: true });
  console.log(
    `\nthe report with charts: ${report}; ${(performance.now() / 1000).toFixed(0)} s from raw files`,
  );
}
