import { type Command, Option } from 'commander';
import { interestChoices, mergeRules, queryKinds } from '../model/recipe.js';
import { recipeNames } from '../pipeline/recipes.js';
import { count, nonNegative, positive, share } from './options.js';

/** How interests become candidates: a recipe by name, and single options over it. */
export function withRecipe(command: Command): Command {
  return command
    .addOption(
      new Option('--recipe <name>', 'where options that are not given come from').choices(recipeNames),
    )
    .addOption(
      new Option('--interests <which>', 'which interests are used (default: sample)').choices(
        interestChoices,
      ),
    )
    .option('--medoids <e>', 'how many interests, of sample and top (default: 3)', count)
    .addOption(
      new Option('--query <kind>', 'whose nearest items are candidates (default: medoid)').choices(
        queryKinds,
      ),
    )
    .addOption(new Option('--merge <rule>', 'how they share the count (default: turns)').choices(mergeRules))
    .option('--average-share <x>', 'of the candidates, by one average over all interests (default: 0)', share)
    .option('--average-prior <s>', 'the prior of that average (default: that of --prior)', nonNegative)
    .option('--temperature <tau>', 'of a mixture, in units of the cosine (default: 0.1)', positive)
    .option(
      '--prior <s>',
      'what the most popular item gains, in units of the cosine (default: 0)',
      nonNegative,
    )
    .option('--popular-share <x>', 'only the most popular share of the catalog (default: 1, all)', share)
    .option('--diversity <d>', 'what likeness to earlier candidates costs (default: 0)', nonNegative);
}
