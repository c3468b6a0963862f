import { Command, Option } from 'commander';
import { openDirectory } from '../disk/directory.js';
import { calibrate } from '../evaluate/calibrate.js';
import {
  type CalibrateOptions,
  type CalibrationReport,
  calibrationMetrics,
} from '../evaluate/calibratereport.js';
import { interval } from '../evaluate/calibratewords.js';
import { calibrationEvidence, clearCalibration } from '../pipeline/calibration.js';
import {
  type CommonFlags,
  count,
  defined,
  instant,
  positive,
  seed,
  windowDays,
  withCommon,
} from './options.js';
import { format, note, print, printJson, progress, table } from './output.js';
import { interruptible } from './session.js';

interface Flags
  extends CommonFlags,
    Pick<CalibrateOptions, 'space' | 'users' | 'seed' | 'windowDays' | 'metric' | 'workers'> {
  readonly from?: number;
  readonly until?: number;
  readonly step?: number;
  readonly dryRun?: boolean;
  readonly show?: boolean;
  readonly clear?: boolean;
}

export function calibrateCommand(): Command {
  return withCommon(new Command('calibrate'))
    .description('choose how a space is served, on a stretch of the log that ends before any test')
    .option('--space <name>', 'the space (default: the active one)')
    .option(
      '--from <iso>',
      'start of the validation period (default: a fifth of the time span before its end)',
      instant,
    )
    .option('--until <iso>', "its end (default: where evaluate's test period begins)", instant)
    .option('--step <days>', 'one step of the walk (default: 1)', positive)
    .option('--users <n>', 'users taken (default: 400)', count)
    .option('--seed <n>', 'fixes users, draws and resamples (default: 0)', seed)
    .option('--window-days <n|all>', 'how far back actions count (default: as configured)', windowDays)
    .addOption(
      new Option('--metric <name>', 'what is looked for (default: recall)').choices(calibrationMetrics),
    )
    .option('--workers <n>', 'threads (default: one per core)', count)
    .option('--dry-run', 'search and show, but store nothing')
    .option('--show', 'show what was stored instead of searching')
    .option('--clear', "forget what was stored: back to the paper's recipe")
    .action(run);
}

async function run({ data, json, from, until, step, dryRun, show, clear, ...options }: Flags): Promise<void> {
  if (show || clear) return stored(data, options.space, { isCleared: clear ?? false, asJson: json ?? false });
  const signal = interruptible();
  const bar = progress('calibrate', 'users');
  try {
    const report = await calibrate(data, {
      ...options,
      ...defined({ fromMs: from, untilMs: until, stepDays: step }),
      store: !dryRun,
      signal,
      onProgress: bar.update,
      onNote: (text) => note(`note: ${text}`),
    });
    bar.stop();
    if (json) printJson(report);
    else print(present(report));
  } finally {
    bar.stop();
  }
}

async function stored(
  path: string,
  space: string | undefined,
  { isCleared, asJson }: { isCleared: boolean; asJson: boolean },
): Promise<void> {
  const directory = await openDirectory(
    path,
    isCleared ? { mode: 'write', create: false } : { mode: 'read' },
  );
  try {
    if (isCleared) clearCalibration(directory, space);
    const evidence = calibrationEvidence(directory, space) as unknown as CalibrationReport | null;
    if (asJson) printJson(evidence);
    else print(evidence ? present(evidence) : 'nothing was calibrated for this space');
  } finally {
    await directory.close();
  }
}

function present(report: CalibrationReport): string {
  const { space, from, until, users, steps, budget, metric, alpha, choice, chosen, findings } = report;
  const shown = [metric, ...['recall', 'relevance'].map((name) => `${name}@${budget}`), 'diversity'];
  const metrics = [...new Set(shown)];
  const rows = report.surface.map(({ stage, name, metrics: found }) => [
    name === chosen ? `${name}  <- chosen` : name,
    stage,
    ...metrics.map((each) => found[each]?.toFixed(3) ?? '-'),
  ]);
  const comparison = Object.entries(report.comparison).map(([name, estimate]) => [name, interval(estimate)]);
  return [
    `space "${space}", validated from ${from.slice(0, 10)} until ${until.slice(0, 10)} on ${format(users)} users, ` +
      `${format(steps)} (user, step), ${budget} candidates`,
    table(['setting', 'stage', ...metrics], rows),
    `"${report.several}" less "${report.single}":`,
    table(['metric', 'difference, 95 %'], comparison),
    `chosen: ${chosen}; alpha ${format(alpha.value)} (${alpha.origin}), lambda ${choice.lambda}, ` +
      `popularityLambda ${choice.popularityLambda}, window ${choice.windowDays} days`,
    findings.map(({ message }) => message).join('\n'),
  ].join('\n\n');
}
