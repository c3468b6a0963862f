import { Command, InvalidArgumentError } from 'commander';
import type { LeftOutItem, RefineReport } from '../catalog/refine.js';
import { type CommonFlags, withCommon } from './options.js';
import { format, print, printJson, progress, table } from './output.js';
import { interruptible, withData } from './session.js';

interface Flags extends CommonFlags {
  readonly duplicatesCosine?: number | 'none';
  readonly qualityField?: string;
  readonly qualityFloor?: number;
  readonly space?: string;
  readonly list?: boolean;
  readonly clear?: boolean;
}

export function refineCommand(): Command {
  return withCommon(new Command('refine'))
    .description('leave near-duplicates and items of low quality out of what candidates come from')
    .option('--duplicates-cosine <c|none>', 'from which cosine on two items are one (default: 0.98)', cosine)
    .option('--quality-field <name>', 'metadata by which the better of two stays (default: quality)')
    .option('--quality-floor <x>', 'leave out items with less; those without a number stay', number)
    .option('--space <name>', 'default: the active one')
    .option('--list', 'what is left out now and why, without refining again')
    .option('--clear', 'leave nothing out')
    .action(async (flags: Flags) => {
      const { data: path, json, list, clear, duplicatesCosine: given, ...options } = flags;
      const duplicatesCosine = given === 'none' ? null : given;
      if (list) {
        const found = await withData(path, 'read', (data) => data.refinement(options.space));
        if (json) printJson(found);
        else print(`${present(found)}\n\n${presentItems(found.leftOut)}`);
        return;
      }
      const signal = interruptible();
      const report = await withData(path, 'write', async (data) => {
        if (clear) return data.clearRefinement(options.space);
        const bar = progress('refine', 'pairs');
        try {
          return await data.refine({
            ...options,
            ...(duplicatesCosine === undefined ? {} : { duplicatesCosine }),
            signal,
            onProgress: bar.update,
          });
        } finally {
          bar.stop();
        }
      });
      if (json) printJson(report);
      else print(present(report));
    });
}

function present({ space, generation, refinement }: RefineReport): string {
  const where = `space "${space}", generation ${generation}`;
  if (!refinement) return `nothing is left out of ${where}`;
  const { considered, duplicates, lowQuality } = refinement;
  return (
    `${format(considered)} items, ${format(considered - duplicates - lowQuality)} of them stay: ` +
    `${format(duplicates)} near-duplicates and ${format(lowQuality)} of low quality left out (${where})`
  );
}

function presentItems(items: readonly LeftOutItem[]): string {
  const rows = items.map(({ itemId, reason, keptInstead, cosine, quality }) => [
    itemId,
    reason,
    keptInstead ?? '-',
    cosine ?? quality ?? '-',
  ]);
  return table(['item', 'left out as', 'kept instead', 'cosine or quality'], rows);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`got "${text}", expected a number`);
}

function cosine(text: string): number | 'none' {
  return text === 'none' ? text : number(text);
}
