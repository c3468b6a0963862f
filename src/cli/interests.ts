import { Command } from 'commander';
import type { LeftOut } from '../model/profile.js';
import type { InterestsReport } from '../pipeline/interests.js';
import type { PinnerSage } from '../pipeline/pinnersage.js';
import { type CommonFlags, instant, withCommon } from './options.js';
import { format, oneLine, print, printJson, table } from './output.js';
import { withData } from './session.js';

interface Flags extends CommonFlags {
  readonly members?: boolean;
  readonly space?: string;
  readonly now?: number;
}

export function interestsCommand(): Command {
  return withCommon(new Command('interests'))
    .description("a user's interests: medoid, importance, size")
    .argument('<user>', 'user id')
    .option('--members', 'name the items of each interest')
    .option('--space <name>', 'interests in this space (default: the active one)')
    .option('--now <iso>', 'decay the importances to this instant (default: as of the batch)', instant)
    .action((user: string, flags: Flags) =>
      withData(flags.data, 'read', (data) => {
        const found = data.interests(user, {
          members: flags.members ?? false,
          ...(flags.space === undefined ? {} : { space: flags.space }),
          ...(flags.now === undefined ? {} : { nowMs: flags.now }),
        });
        if (flags.json) printJson(found);
        else print(present(found, data));
      }),
    );
}

function present(found: InterestsReport, data: PinnerSage): string {
  if (found.interests.length === 0)
    return `${oneLine(found.userId)} has no interests as of ${found.asOf}: ${why(found.leftOut)}.`;
  const total = found.interests.reduce((sum, interest) => sum + interest.importance, 0);
  const rows = found.interests.map((interest) => [
    interest.interestId,
    titleOf(data, interest.medoid),
    interest.importance,
    `${((100 * interest.importance) / total).toFixed(0)} %`,
    interest.size,
    interest.lastActionAt.slice(0, 10),
    ...(interest.members ? [interest.members.map((item) => titleOf(data, item)).join(', ')] : []),
  ]);
  const head = ['interest', 'medoid', 'importance', 'share', 'size', 'last action'];
  if (found.interests[0].members) head.push('members');
  return `${oneLine(found.userId)} as of ${found.asOf}\n${table(head, rows)}`;
}

function why(left: LeftOut | undefined): string {
  const reasons = left && [
    { count: left.unembedded, what: 'on items without a vector (are the item ids those of the items file?)' },
    { count: left.outsideWindow, what: 'outside the window' },
    { count: left.afterAsOf, what: 'later' },
    { count: left.role, what: 'of a type that makes no interest' },
  ];
  const said = reasons?.filter(({ count }) => count > 0).map(({ count, what }) => `${format(count)} ${what}`);
  return said?.length ? `of the user's actions, ${said.join(', ')}` : 'no action in the window';
}

/** An item by its title where it has one, on one line. */
export function titleOf(data: PinnerSage, itemId: string): string {
  const title = data.item(itemId)?.metadata?.title;
  return oneLine(typeof title === 'string' && title !== '' ? `${title} (${itemId})` : itemId);
}
