import type { Estimate } from './bootstrap.js';
import type { Comparison } from './calibratechoice.js';
import type { CalibrationReport } from './calibratereport.js';
import type { Survey } from './survey.js';

/** Something a person should know, with its numbers and what would change it. */
export interface Finding {
  readonly code:
    | 'several-win'
    | 'one-average-serves'
    | 'space-too-weak'
    | 'popularity-decides'
    | 'outside-the-window';
  readonly message: string;
}

type Found = Omit<CalibrationReport, 'findings'>;

/** What likeness finds is no more than chance below this many times what chance finds. */
const fewTimesChance = 2;
const shareOutside = 0.2;

/** What the search says in words. */
export function adviceOf(
  found: Found,
  several: Comparison,
  survey: Survey,
  left: { readonly cold: number; readonly withoutHistory: number },
): Finding[] {
  return [
    verdict(found, several),
    ...weakness(found, survey),
    ...popularityShare(found),
    ...outsideWindow(found, left),
  ];
}

function verdict({ metric, single, several, choice, surface }: Found, comparison: Comparison): Finding {
  const of = (name: string): string => figure(surface.find((tried) => tried.name === name)?.metrics[metric]);
  const differences = Object.entries(comparison.differences)
    .map(([name, estimate]) => `${name} ${interval(estimate)}`)
    .join(', ');
  const numbers = `${metric}: "${several}" ${of(several)}, "${single}" ${of(single)}; several less one, 95 %: ${differences}`;
  if (choice.family === 'several')
    return {
      code: 'several-win',
      message: `several embeddings are better on ${comparison.betterOn.join(' and ')} and nowhere worse than tolerated. ${numbers}`,
    };
  const why = comparison.isSafe
    ? 'no setting of several embeddings is better for sure'
    : 'the best setting of several embeddings may be worse by more than is tolerated';
  return {
    code: 'one-average-serves',
    message:
      `one average serves these users as well: ${why}, so the single embedding is kept. ${numbers}. More users ` +
      '(--users) narrow the intervals; vectors that tell interests apart (embed --from mix) and longer histories ' +
      '(--window-days all) are what several embeddings live on',
  };
}

/** Whether likeness finds anything: without a prior, the best setting against drawing the budget at random. */
function weakness({ surface, budget }: Found, survey: Survey): Finding[] {
  const recall = `recall@${budget}`;
  const plain = surface.filter(({ recipe }) => recipe?.prior === 0 && recipe.popularShare === 1);
  const best = plain.reduce((most, tried) => Math.max(most, tried.metrics[recall] ?? 0), 0);
  const items = survey.catalogSize;
  const chance = budget / items;
  if (best >= fewTimesChance * chance) return [];
  return [
    {
      code: 'space-too-weak',
      message:
        `the item space is too weak to tell interests apart: by likeness alone the best setting finds ${figure(best)} of ` +
        `the items, and ${budget} items drawn at random from ${items} would find ${figure(chance)}. Better vectors would ` +
        'change that: more text fields, embed --from actions or --from mix, or embeddings of your own',
    },
  ];
}

/** Whether anything personal is left beside popularity. */
function popularityShare({ surface, metric, choice }: Found): Finding[] {
  const worth = (tried: { readonly metrics: { readonly [name: string]: number } }): number =>
    tried.metrics[metric] ?? 0;
  const alone = Math.max(...surface.filter(({ stage }) => stage === 'decay of popularity').map(worth));
  const best = Math.max(...surface.filter(({ recipe }) => recipe !== null).map(worth));
  const plain = Math.max(
    ...surface.filter(({ recipe }) => recipe?.prior === 0 && recipe.popularShare === 1).map(worth),
  );
  if (!Number.isFinite(alone) || best - alone > best - plain) return [];
  return [
    {
      code: 'popularity-decides',
      message:
        `popularity decides more here than likeness does: ${metric} is ${figure(alone)} by popularity alone, ` +
        `${figure(plain)} by likeness alone, ${figure(best)} by both (prior ${choice.recipe.prior}). Vectors learnt from ` +
        'actions (embed --from mix) would give likeness more to say',
    },
  ];
}

function outsideWindow(
  { steps, choice }: Found,
  { cold, withoutHistory }: { readonly cold: number; readonly withoutHistory: number },
): Finding[] {
  if (choice.windowDays === 'all' || cold + withoutHistory <= shareOutside * (steps + cold + withoutHistory))
    return [];
  return [
    {
      code: 'outside-the-window',
      message:
        `${cold} (user, step) and ${withoutHistory} users had nothing usable in the window of ${choice.windowDays} days ` +
        `before, beside ${steps} (user, step) that had: --window-days all would serve more of them`,
    },
  ];
}

function figure(value: number | undefined): string {
  return value === undefined ? 'none' : value.toFixed(3);
}

export function interval({ mean, low, high }: Estimate): string {
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}
