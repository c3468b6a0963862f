import { PinnersageError, shown } from '../errors.js';
import { parseIso } from '../files/iso.js';
import { deepestJson } from '../files/jsonvalues.js';
import type { FilterValue } from '../model/filter.js';
import type { Metadata } from '../model/item.js';

/**
 * A checked filter as a tree. `text` is the same for filters that differ only in order and repetition. `pool`: the pool
 * whose filter it is, or part of which it admits.
 */
export type FilterNode = { readonly text: string; readonly pool?: string } & (
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly part: FilterNode }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'value'; readonly field: string; test(value: FilterValue): boolean }
);

const bounds = ['gte', 'gt', 'lte', 'lt'] as const;
type BoundName = (typeof bounds)[number];
const operators = ['in', 'any', 'all', ...bounds, 'exists'];

type Fields = { readonly [name: string]: unknown };

/**
 * Checks a filter as it comes (`unknown`: it may be from anywhere) and makes it ready to be evaluated.
 * @throws `option-invalid` naming the place, such as `filter.or[1].year`.
 */
export function parseFilter(filter: unknown, where = 'filter', depth = 0): FilterNode {
  if (depth > deepestJson) throw invalid(where, `more than ${deepestJson} levels`, 'a flatter filter');
  if (!isObject(filter))
    throw invalid(
      where,
      hinted(filter),
      'an object of fields, "and", "or" and "not", such as {"lang": "en"}',
    );
  const parts = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => parseEntry(name, value, `${where}.${name}`, depth));
  return joined('and', parts);
}

/** Whether one item meets a filter. */
export function meets(node: FilterNode, metadata: Metadata): boolean {
  switch (node.kind) {
    case 'and':
      return node.parts.every((part) => meets(part, metadata));
    case 'or':
      return node.parts.some((part) => meets(part, metadata));
    case 'not':
      return !meets(node.part, metadata);
    default: {
      const value = Object.hasOwn(metadata, node.field) ? metadata[node.field] : null;
      if (node.kind === 'exists' || value === null) return value !== null;
      return (Array.isArray(value) ? value : [value]).some((each) => isValue(each) && node.test(each));
    }
  }
}

/** Both must hold. */
export function both(a: FilterNode, b: FilterNode): FilterNode {
  return joined('and', [a, b]);
}

function parseEntry(name: string, value: unknown, where: string, depth: number): FilterNode {
  if (name === 'not') return negated(parseFilter(value, where, depth + 1));
  if (name !== 'and' && name !== 'or') return parseField(name, value, where);
  if (!Array.isArray(value)) throw invalid(where, hinted(value), 'a list of filters');
  return joined(
    name,
    value.map((part, i) => parseFilter(part, `${where}[${i}]`, depth + 1)),
  );
}

function parseField(field: string, value: unknown, where: string): FilterNode {
  if (isValue(value)) return oneOf(field, [value]);
  if (!isObject(value))
    throw invalid(
      where,
      hinted(value),
      `text, a number, true, false, or an object of ${operators.join(', ')}`,
    );
  const given = Object.keys(value).filter((name) => value[name] !== undefined);
  const unknown = given.find((name) => !operators.includes(name));
  if (unknown !== undefined)
    throw invalid(`${where}.${unknown}`, 'an operator that does not exist', operators);
  if (given.length === 0) throw invalid(where, 'no operator', operators);
  const parts: FilterNode[] = [];
  for (const name of ['in', 'any'])
    if (value[name] !== undefined) parts.push(oneOf(field, valueList(value[name], `${where}.${name}`)));
  if (value.all !== undefined)
    for (const each of valueList(value.all, `${where}.all`)) parts.push(oneOf(field, [each]));
  if (bounds.some((name) => value[name] !== undefined)) parts.push(range(field, value, where));
  if (value.exists !== undefined) parts.push(existence(field, value.exists, `${where}.exists`));
  return joined('and', parts);
}

function oneOf(field: string, values: readonly FilterValue[]): FilterNode {
  const wanted = new Set(values);
  const text = [...wanted].map((value) => JSON.stringify(value)).sort();
  return {
    kind: 'value',
    field,
    text: `${JSON.stringify(field)}=[${text}]`,
    test: (value) => wanted.has(value),
  };
}

function range(field: string, given: Fields, where: string): FilterNode {
  const limits = new Map<BoundName, number>();
  let kind: 'number' | 'string' | null = null;
  for (const name of bounds) {
    const bound = given[name];
    if (bound === undefined) continue;
    const limit = typeof bound === 'string' ? parseIso(bound) : bound;
    if (typeof limit !== 'number' || !Number.isFinite(limit))
      throw invalid(`${where}.${name}`, hinted(bound), 'a finite number or a date such as "2026-06-30"');
    if (kind !== null && kind !== typeof bound)
      throw invalid(where, 'a number and a date as bounds', 'bounds of one kind');
    kind = typeof bound as 'number' | 'string';
    limits.set(name, limit);
  }
  const { gte = -Infinity, gt = -Infinity, lte = Infinity, lt = Infinity } = Object.fromEntries(limits);
  const low = limits.has('gt');
  const high = limits.has('lt');
  const within = (x: number): boolean => x >= gte && x <= lte && (!low || x > gt) && (!high || x < lt);
  const text = `${JSON.stringify(field)}~${kind}${JSON.stringify([...limits])}`;
  if (kind === 'number')
    return { kind: 'value', field, text, test: (value) => typeof value === 'number' && within(value) };
  return {
    kind: 'value',
    field,
    text,
    test: (value) => typeof value === 'string' && within(parseIso(value)),
  };
}

function existence(field: string, wanted: unknown, where: string): FilterNode {
  if (typeof wanted !== 'boolean') throw invalid(where, hinted(wanted), 'true or false');
  const node: FilterNode = { kind: 'exists', field, text: `${JSON.stringify(field)}?` };
  return wanted ? node : negated(node);
}

function negated(part: FilterNode): FilterNode {
  return part.kind === 'not' ? part.part : { kind: 'not', part, text: `!${part.text}` };
}

function joined(kind: 'and' | 'or', parts: readonly FilterNode[]): FilterNode {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  const byText = new Map(flat.map((part) => [part.text, part]));
  const texts = [...byText.keys()].sort();
  const sorted = texts.map((text) => byText.get(text) as FilterNode);
  return sorted.length === 1 ? sorted[0] : { kind, parts: sorted, text: `${kind}(${texts.join(' ')})` };
}

function valueList(list: unknown, where: string): FilterValue[] {
  if (!Array.isArray(list)) throw invalid(where, hinted(list), 'a list of text, numbers, true or false');
  const wrong = list.findIndex((value) => !isValue(value));
  if (wrong >= 0) throw invalid(`${where}[${wrong}]`, hinted(list[wrong]), 'text, a number, true or false');
  return list as FilterValue[];
}

export function isValue(value: unknown): value is FilterValue {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hinted(value: unknown): string {
  if (value === null) return 'null (for "not there", use {"exists": false})';
  return Array.isArray(value) ? 'a list (for "any of these", use {"in": [...]})' : shown(value);
}

function invalid(where: string, got: string, expected: string | readonly string[]): PinnersageError {
  const wanted = typeof expected === 'string' ? expected : `one or more of ${expected.join(', ')}`;
  return new PinnersageError('option-invalid', `${where}: got ${got}, expected ${wanted}`);
}
