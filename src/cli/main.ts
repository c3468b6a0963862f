#!/usr/bin/env node
import { Command, type CommanderError } from 'commander';
import { batchCommand } from './batch.js';
import { benchCommand } from './bench.js';
import { calibrateCommand } from './calibrate.js';
import { clusterCommand } from './cluster.js';
import { compactCommand } from './compact.js';
import { configCommand } from './config.js';
import { demoCommand } from './demo.js';
import { describeCommand } from './describe.js';
import { embedCommand } from './embed.js';
import { eraseCommand } from './erase.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { importCommand } from './import.js';
import { indexCommand } from './index.js';
import { interestsCommand } from './interests.js';
import { recommendCommand } from './recommend.js';
import { refineCommand } from './refine.js';
import { retainCommand } from './retain.js';
import { serveCommand } from './serve.js';
import { fail } from './session.js';
import { spaceCommand } from './space.js';
import { upgradeCommand } from './upgrade.js';
import { verifyCommand } from './verify.js';
import { packageVersion } from './version.js';

const program = new Command('pinnersage')
  .description(
    'Several embeddings per user: interests from what people did, candidates from their interests.',
  )
  .version(packageVersion())
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad usage or bad input.');

for (const command of [
  demoCommand,
  importCommand,
  embedCommand,
  refineCommand,
  indexCommand,
  batchCommand,
  interestsCommand,
  recommendCommand,
  serveCommand,
  describeCommand,
  calibrateCommand,
  evaluateCommand,
  exportCommand,
  retainCommand,
  compactCommand,
  upgradeCommand,
  verifyCommand,
  eraseCommand,
  spaceCommand,
  configCommand,
  clusterCommand,
  benchCommand,
])
  program.addCommand(command());

/** commander's own exits: help and version are fine, everything else is bad usage. */
function exitOn(error: CommanderError): never {
  process.exit(error.exitCode === 0 ? 0 : 2);
}

/** The same one line for wrong usage as for any other error, and exit code 2. */
function tame(command: Command): void {
  command.exitOverride(exitOn);
  command.configureOutput({
    outputError: (text, write) =>
      write(
        `pinnersage: ${text
          .replace(/^error: /, '')
          .trim()
          .replace(/\n/g, '; ')} (see --help) [usage]\n`,
      ),
  });
  for (const sub of command.commands) tame(sub);
}

tame(program);

// Whoever reads our output may have seen enough (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

await program.parseAsync().catch(fail);
