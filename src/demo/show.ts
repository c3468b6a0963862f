import { bar, beside, paint, percent, type Style, toWidth } from './text.js';

/** Something listed, with the names of its topics; `wanted` when one of them is a true interest of the user. */
export interface ShownItem {
  readonly title: string;
  readonly topics: readonly string[];
  readonly wanted: boolean;
}

export interface ShownUser {
  readonly userId: string;
  /** Interest actions in the window. */
  readonly actions: number;
  readonly windowDays: number;
  /** True interests by falling share (0 … 1). */
  readonly truth: readonly {
    readonly topic: string;
    readonly share: number;
    /** Whether a found interest, a candidate of several embeddings, a candidate of the average speaks to it. */
    readonly found: boolean;
    readonly bySeveral: boolean;
    readonly byAverage: boolean;
  }[];
  /** Found interests by falling importance; `share` is that of all importance, 0 … 1. */
  readonly interests: readonly {
    readonly medoid: ShownItem;
    readonly share: number;
    /** Items in it. */
    readonly size: number;
  }[];
  /** Candidates of several embeddings, by interest. */
  readonly several: readonly { readonly interest: string; readonly items: readonly ShownItem[] }[];
  /** As many candidates of the single average vector. */
  readonly average: readonly ShownItem[];
}

export interface ShownRequests {
  readonly url: string;
  /** Somebody of the world. */
  readonly userId: string;
  /** Somebody who is not. */
  readonly newcomer: string;
  /** What the newcomer saves. */
  readonly item: { readonly itemId: string; readonly title: string };
}

export interface ShowOptions {
  /** Characters per line, ≥ 60, default 100. */
  readonly width?: number;
  /** ANSI colours, default false. */
  readonly color?: boolean;
  /** Found interests listed before "and n more", default 8. */
  readonly maxInterests?: number;
}

/**
 * One user on one screen: what they truly like, what was found, and what each way of searching offers.
 * Ends with a newline. Pure: the caller prints it.
 */
export function showUser(user: ShownUser, options: ShowOptions = {}): string {
  const { width = 100, color = false, maxInterests = 8 } = options;
  const style = { color };
  const heading = `${user.userId}: ${plural(user.actions, 'action')} in ${user.windowDays} days, ${plural(user.truth.length, 'true interest')}`;
  const lines = [
    paint(toWidth(`── ${heading} ${'─'.repeat(width)}`, width).replace(/…$/, '─'), 'bold', style),
    '',
    ...truthLines(user, width, style),
    '',
    ...interestLines(user, width, style, maxInterests),
    '',
    ...candidateLines(user, width, style),
  ];
  return `${lines.join('\n')}\n`;
}

const plural = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;

const mark = (yes: boolean, style: Style): string =>
  yes ? paint('✓', 'green', style) : paint('·', 'dim', style);

function truthLines(user: ShownUser, width: number, style: Style): string[] {
  const columns = '  found  several  average';
  const nameWidth = width - columns.length - 2 - barWidth - 8;
  const head = `  ${toWidth('What this user truly likes', nameWidth + barWidth + 8)}${columns}`;
  return [
    paint(head, 'cyan', style),
    ...user.truth.map(({ topic, share, found, bySeveral, byAverage }) => {
      const marks = `    ${mark(found, style)}       ${mark(bySeveral, style)}        ${mark(byAverage, style)}`;
      return `  ${toWidth(topic, nameWidth)} ${bar(share, barWidth)} ${percent(share).padStart(5)} ${marks}`;
    }),
  ];
}

const barWidth = 16;

function interestLines(user: ShownUser, width: number, style: Style, most: number): string[] {
  const nameWidth = width - 2 - barWidth - 8 - 11;
  const rest = user.interests.length - most;
  return [
    paint(`  ${toWidth('Interests found, by their medoid', nameWidth)} importance`, 'cyan', style),
    ...user.interests.slice(0, most).map(({ medoid, share, size }) => {
      return `  ${toWidth(nameOf(medoid), nameWidth)} ${bar(share, barWidth)} ${percent(share).padStart(5)}  ${plural(size, 'item')}`;
    }),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function candidateLines(user: ShownUser, width: number, style: Style): string[] {
  const column = Math.floor((width - 3) / 2);
  const rightColumn = width - column - 3;
  const truths = user.truth.length;
  const several = user.truth.filter((t) => t.bySeveral).length;
  const average = user.truth.filter((t) => t.byAverage).length;
  const left = [
    paint(toWidth('  Candidates from several embeddings', column), 'cyan', style),
    ...user.several.flatMap(({ interest, items }) => [
      paint(toWidth(`  ▸ ${interest}`, column), 'bold', style),
      ...items.map((item) => itemLine(item, column, style)),
    ]),
    '',
    verdict(several, truths, style),
  ];
  const right = [
    paint(toWidth('  Candidates from one average vector', rightColumn), 'cyan', style),
    ...user.average.map((item) => itemLine(item, rightColumn, style)),
  ];
  while (right.length < left.length - 1) right.push('');
  right.push(verdict(average, truths, style));
  return beside(left, right, width);
}

function itemLine(item: ShownItem, width: number, style: Style): string {
  const sign = item.wanted ? paint('✓', 'green', style) : paint('✗', 'red', style);
  return `  ${sign} ${toWidth(nameOf(item), width - 4)}`;
}

/** The title, and the topics where the title does not already tell them. */
function nameOf({ title, topics }: ShownItem): string {
  const told = topics.every((topic) => title.toLowerCase().includes(topic.toLowerCase()));
  return told ? title : `${title} (${topics.join(' + ')})`;
}

function verdict(covered: number, all: number, style: Style): string {
  const text = `  speaks to ${covered} of ${plural(all, 'interest')}`;
  return paint(text, covered === all ? 'green' : covered * 2 < all ? 'red' : 'yellow', style);
}

export interface ShownSummary {
  readonly users: number;
  /** True interests of all users that could be found. */
  readonly interests: number;
  /**
   * Shares of those, 0 … 1: met by a medoid among as many of the user's strongest interests as are true; spoken to by
   * the candidates of each way.
   */
  readonly found: number;
  readonly bySeveral: number;
  readonly byAverage: number;
  /** Candidates per user in both ways. */
  readonly candidates: number;
}

/** What the whole world says. Ends with a newline. */
export function showSummary(summary: ShownSummary, options: ShowOptions = {}): string {
  const style = { color: options.color ?? false };
  const { users, interests, found, bySeveral, byAverage, candidates } = summary;
  const line = (label: string, share: number, code: 'green' | 'yellow'): string =>
    `  ${toWidth(label, 50)} ${paint(bar(share, 30), code, style)} ${percent(share).padStart(5)}`;
  return `${[
    paint(`  ${plural(interests, 'true interest')} of ${plural(users, 'user')}`, 'bold', style),
    line('found among as many of the strongest interests', found, 'green'),
    line(`spoken to by ${candidates} candidates of several embeddings`, bySeveral, 'green'),
    line(`spoken to by ${candidates} candidates of one average`, byAverage, 'yellow'),
  ].join('\n')}\n`;
}

/** Requests that work as they stand: a newcomer's list changes with the first thing that is saved. */
export function showRequests({ url, userId, newcomer, item }: ShownRequests): string {
  const action = `"userId":"${newcomer}","itemId":"${item.itemId}","type":"save","timestamp":'$(date +%s)'000`;
  return `Served at ${url} until Ctrl-C. Somebody new asks, saves "${item.title}", and asks again:
  curl -s '${url}/v1/users/${newcomer}/recommendations?count=5'
  curl -s -H 'content-type: application/json' -d '[{${action}}]' ${url}/v1/actions
  curl -s '${url}/v1/users/${newcomer}/recommendations?count=5&explain=true'
  curl -s ${url}/v1/items/${item.itemId}/neighbors?count=3

Somebody with a history, and everything else that can be asked:
  curl -s '${url}/v1/users/${userId}/interests'
  curl -s '${url}/v1/users/${userId}/recommendations?count=10&explain=true'
  curl -s ${url}/openapi.json`;
}
