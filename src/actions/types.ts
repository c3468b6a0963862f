import type { Directory } from '../disk/directory.js';
import { checkId } from '../disk/ids.js';
import { PinnersageError, shown } from '../errors.js';
import type { ActionType, Role } from '../model/action.js';

/** A declared action type; its place in the list is its code in the log, so the list only grows. */
export interface DeclaredType extends ActionType {
  readonly name: string;
}

/** Declared from the start, because clustering what a user hid or merely saw would be plainly wrong. */
const builtIn: readonly DeclaredType[] = [
  { name: 'impression', role: 'impression', weight: 1 },
  { name: 'hide', role: 'exclude', weight: 1 },
];

const roles: readonly Role[] = ['interest', 'exclude', 'impression'];
const maxTypes = 65_535;

/** The declared action types of a data directory. A type that is first met in data becomes `interest`, weight 1. */
export class ActionTypeTable {
  private readonly directory: Directory;
  private cached: { list: readonly DeclaredType[]; codes: ReadonlyMap<string, number> } | null = null;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  list(): readonly DeclaredType[] {
    return this.directory.readMeta<DeclaredType[]>('actionTypes') ?? builtIn;
  }

  /** The code of a type, or null where it was never declared. */
  find(name: string): number | null {
    return this.codes().get(name) ?? null;
  }

  /** The code of a type, declaring it where it is new. Call inside `Directory.write`. */
  ensure(name: string): number {
    const known = this.find(name);
    if (known !== null) return known;
    this.store([...this.list(), { name, role: 'interest', weight: 1 }]);
    return this.find(name) as number;
  }

  /** The codes of types, in their order. Call inside `Directory.write`. */
  ensureAll(names: readonly string[]): number[] {
    return names.map((name) => this.ensure(name));
  }

  /** Declares a type or changes its role and weight; takes effect with the next batch. Call inside `write`. */
  declare(name: string, type: ActionType): void {
    checkType(name, type);
    this.ensure(name);
    this.store(this.list().map((known) => (known.name === name ? { name, ...type } : known)));
  }

  /** Forget what was remembered, after a transaction that threw. */
  forget(): void {
    this.cached = null;
  }

  private codes(): ReadonlyMap<string, number> {
    if (!this.cached) {
      const list = this.list();
      this.cached = { list, codes: new Map(list.map((type, code) => [type.name, code])) };
    }
    return this.cached.codes;
  }

  private store(list: readonly DeclaredType[]): void {
    if (list.length > maxTypes)
      throw new PinnersageError(
        'option-invalid',
        `got ${list.length} action types, expected at most ${maxTypes}`,
      );
    this.directory.writeMeta('actionTypes', list);
    this.cached = null;
  }
}

/** @throws `option-invalid`. */
export function checkType(name: string, type: ActionType): void {
  checkId(name, 'action type');
  if (typeof type !== 'object' || type === null)
    throw new PinnersageError(
      'option-invalid',
      `action type "${name}": got ${shown(type)}, expected {role, weight}`,
    );
  if (!roles.includes(type.role))
    throw new PinnersageError(
      'option-invalid',
      `action type "${name}": got role "${type.role}", expected ${roles.join(', ')}`,
    );
  if (!Number.isFinite(type.weight) || type.weight < 0)
    throw new PinnersageError(
      'option-invalid',
      `action type "${name}": got weight ${type.weight}, expected a number ≥ 0`,
    );
}
