import { Command } from 'commander';
import { benchRegimes, type RegimeBench } from '../bench/regimes.js';
import { interval } from '../evaluate/calibratewords.js';
import { count, counts, seed } from './options.js';
import { format, note, print, printJson, table } from './output.js';

interface Flags {
  readonly items?: readonly number[];
  readonly interests?: readonly number[];
  readonly budgets?: readonly number[];
  readonly d?: number;
  readonly users?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

export function regimesCommand(): Command {
  return new Command('regimes')
    .description('where several embeddings find more than one average, in catalogs whose truth is known')
    .option('--items <list>', 'sizes of the catalog (10000,100000)', counts)
    .option('--interests <list>', 'how many a user has (1,2,5,10,20)', counts)
    .option('--budgets <list>', 'how many candidates are asked for (50,400)', counts)
    .option('--d <dimensions>', 'dimensions (128)', count)
    .option('--users <n>', 'users per cell, half of whom choose alpha (60)', count)
    .option('--seed <n>', 'of catalogs and users (0)', seed)
    .option('--json', 'one JSON document on stdout, nothing else')
    .action(({ json, ...options }: Flags) => {
      const bench = benchRegimes({ ...options, onNote: note });
      if (json) printJson(bench);
      else print(present(bench));
    });
}

function present({ seed: used, d, users, cells }: RegimeBench): string {
  const rows = cells.map((cell) => [
    format(cell.items),
    cell.cosine.toFixed(2),
    String(cell.interests),
    `${cell.seen.interests.toFixed(1)} at ${cell.seen.cosine.toFixed(2)}`,
    String(cell.budget),
    cell.alpha,
    cell.single.toFixed(3),
    cell.several.toFixed(3),
    cell.paper.toFixed(3),
    interval(cell.difference),
    cell.wins,
  ]);
  const head = [
    'items',
    'cosine',
    'interests',
    'seen',
    'budget',
    'alpha',
    'one',
    'several',
    'paper',
    'several less one',
    'wins',
  ];
  return `recall; ${d} dimensions, ${users} users per cell, seed ${used}\n\n${table(head, rows)}`;
}
