import { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { EmbeddingTable, UserKey } from '../model/item.js';
import { Searches } from '../pipeline/searches.js';
import type { Contender, ContenderModule, ContenderSource } from './contender.js';
import type { LogTable } from './log.js';
import { modelsOf, type PeriodData, type StoredSpace } from './models.js';
import { RelevantItems } from './relevant.js';
import { storedSpace } from './space.js';
import { type UserSums, Walker, type WalkPeriod, type WalkRules } from './walker.js';

/** What a thread is given once: plain data over shared arrays. */
export interface DeskInput {
  readonly path: string;
  readonly space: string;
  /** The space in which relevance and diversity are measured. */
  readonly judge: string;
  readonly log: LogTable;
  readonly rules: WalkRules;
  readonly sources: readonly ContenderSource[];
}

export type Task =
  | { readonly kind: 'period'; readonly period: PeriodData; readonly steps: readonly [number, number] }
  | { readonly kind: 'users'; readonly users: readonly { readonly user: UserKey; readonly userId: string }[] }
  | { readonly kind: 'finish' };

/** `period` answers nothing, `users` their sums, `finish` the exposures per contender. */
export type Answer = readonly UserSums[] | readonly Float64Array[] | null;

/** Does tasks, in a thread of its own or in the caller's. */
export class Desk {
  private readonly walker: Walker;
  private readonly stored: StoredSpace;
  private readonly judge: EmbeddingTable;
  private readonly relevant: RelevantItems;
  private period: WalkPeriod | null = null;

  private constructor(directory: Directory, input: DeskInput, contenders: readonly Contender[]) {
    const catalog = new Catalog(directory);
    this.judge = catalog.load(input.judge);
    this.relevant = new RelevantItems(this.judge, input.rules.protocol.relevanceCosine);
    this.stored = storedSpace(catalog, new Searches(directory, () => {}), input.space);
    this.walker = new Walker(input.log, input.rules, contenders, input.rules.history.idRank.length);
  }

  /** `directory`: the caller's, where this is the caller's thread; it stays the caller's to close. */
  static async open(input: DeskInput, directory: Directory): Promise<Desk> {
    return new Desk(directory, input, await loadContenders(input.sources));
  }

  do(task: Task): Answer {
    if (task.kind === 'period') {
      this.period = this.prepare(task);
      return null;
    }
    if (task.kind === 'finish') return this.walker.exposures;
    const { period } = this;
    if (!period) throw new PinnersageError('internal', 'users came before the first period');
    return task.users.map(({ user, userId }) => this.walker.walk(user, userId, period));
  }

  private prepare({ period, steps }: Extract<Task, { kind: 'period' }>): WalkPeriod {
    const models = modelsOf(period, this.stored);
    return { steps, models, facts: period.facts, judge: this.judge, relevant: this.relevant };
  }
}

/** @throws `option-invalid` where a module does not export contenders, or two share a name. */
export async function loadContenders(sources: readonly ContenderSource[]): Promise<Contender[]> {
  const all: Contender[] = [];
  for (const { module, args } of sources) {
    const loaded = (await import(module)) as Partial<ContenderModule>;
    if (typeof loaded.contenders !== 'function')
      throw new PinnersageError(
        'option-invalid',
        `${module}: expected an export "contenders", a function that returns a list of contenders`,
      );
    all.push(...loaded.contenders(args));
  }
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new PinnersageError('option-invalid', `contender: got "${twice}" twice, expected different names`);
  return all;
}
