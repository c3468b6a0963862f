import { Command, Option } from 'commander';
import type { Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { InterestSource } from '../model/profile.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import type { RecipeRequest } from '../pipeline/recipes.js';
import { defaultCount, type SeenPolicy, seenPolicies } from '../pipeline/recommend.js';
import { titleOf } from './interests.js';
import { type CommonFlags, count, instant, json, list, seed, withCommon } from './options.js';
import { oneLine, print, printJson, table } from './output.js';
import { withRecipe } from './recipe.js';
import { withData } from './session.js';

interface Flags extends CommonFlags, RecipeRequest {
  readonly count: number;
  readonly seed?: number;
  readonly filter?: Filter;
  readonly pool?: string;
  readonly exclude?: readonly string[];
  readonly seen?: SeenPolicy;
  readonly explain?: boolean;
  readonly space?: string;
  readonly now?: number;
}

export function recommendCommand(): Command {
  return withRecipe(withCommon(new Command('recommend')))
    .description("candidates for a user from the user's interests, by default a few drawn by importance")
    .argument('<user>', 'user id; one who is not known gets popular items, named as a fallback')
    .option('--count <k>', 'how many candidates', count, defaultCount)
    .option('--seed <n>', 'replays a draw (default: from the user and the clock)', seed)
    .option(
      '--filter <json>',
      'only items whose metadata meet it: {"lang": "en", "year": {"gte": 2000}}',
      json,
    )
    .option('--pool <name>', 'only items of a pool, a filter stored with "config pool"')
    .option('--exclude <ids>', 'items that must not come back, with commas between', list)
    .addOption(
      new Option(
        '--seen <policy>',
        'whether items the user acted on may come back (default: exclude)',
      ).choices(seenPolicies),
    )
    .option('--space <name>', 'profiles and vectors of this space (default: the active one)')
    .option('--explain', "name the user's own items behind each candidate")
    .option('--now <iso>', 'the clock (default: the wall clock)', instant)
    .action((user: string, flags: Flags) =>
      withData(flags.data, 'read', (data) => {
        const { now, data: _, json: asJson, ...options } = flags;
        const answer = data.recommend(user, { ...options, ...(now === undefined ? {} : { nowMs: now }) });
        if (asJson) printJson(answer);
        else print(present(answer, data));
      }),
    );
}

const sourceText: Record<InterestSource, string> = {
  batch: 'interests of the last batch',
  exact: 'interests with the actions since the last batch, all clustered again',
  overlay: 'interests of the last batch with the actions since',
  none: 'no interests',
};

function present(answer: Recommendation, data: PinnerSage): string {
  const drawn = answer.interests.map(
    (interest) => `  ${(100 * interest.probability).toFixed(0)} %  ${titleOf(data, interest.medoid)}`,
  );
  const userId = oneLine(answer.userId);
  const why =
    answer.fallback === 'popularity'
      ? `nothing is known of ${userId}: popular items`
      : `used for ${userId} with seed ${answer.seed} (${sourceText[answer.source]}), with their shares of the importance:\n${drawn.join('\n')}`;
  const medoidOf = new Map(answer.interests.map((interest) => [interest.interestId, interest.medoid]));
  const rows = answer.items.map((item, rank) => [
    rank + 1,
    titleOf(data, item.itemId),
    item.score,
    item.interestId === null ? '-' : titleOf(data, medoidOf.get(item.interestId) ?? item.interestId),
    item.because?.map((own) => titleOf(data, own)).join(', ') ?? '',
  ]);
  const head = ['rank', 'item', 'score', 'from interest', 'because of'];
  const explained = answer.items.some((item) => item.because);
  const shown = explained ? rows : rows.map((row) => row.slice(0, -1));
  return `${why}\n\n${table(explained ? head : head.slice(0, -1), shown)}`;
}
