import { Command, Option } from 'commander';
import type { EmbedTextOptions } from '../pipeline/embed.js';
import { type CommonFlags, count, list, seed, withCommon } from './options.js';
import { format, note, print, printJson, progress } from './output.js';
import { withData } from './session.js';

interface Flags extends CommonFlags, Pick<EmbedTextOptions, 'fields' | 'dim' | 'seed' | 'space'> {
  readonly from: 'text';
}

export function embedCommand(): Command {
  return withCommon(new Command('embed'))
    .description('build embeddings for items that have none')
    .addOption(new Option('--from <source>', 'what to embed').choices(['text']).makeOptionMandatory())
    .option('--fields <names>', 'metadata fields (default: every field with text in it)', list)
    .option('--dim <d>', 'dimensions (default: 128)', count)
    .option('--space <name>', 'name of the space (default: text)')
    .option('--seed <n>', 'of the random projection (default: 0)', seed)
    .action(async (flags: Flags) => {
      const { data: path, json, from: _, ...options } = flags;
      const report = await withData(path, 'write', async (data) => {
        const bar = progress('embed', 'steps');
        try {
          return await data.embedText({
            ...options,
            onProgress: bar.update,
            onNote: (text) => note(`note: ${text}`),
          });
        } finally {
          bar.stop();
        }
      });
      if (json) printJson(report);
      else
        print(
          `${format(report.items)} items embedded in ${report.dim} dimensions from ${report.fields.join(', ')}` +
            ` (space "${report.space}", generation ${report.generation}); ${format(report.skipped)} without usable text`,
        );
    });
}
