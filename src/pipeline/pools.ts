import { both, type FilterNode, parseFilter } from '../catalog/filter.js';
import type { Directory } from '../disk/directory.js';
import { idProblem } from '../disk/ids.js';
import { PinnersageError } from '../errors.js';
import type { Filter } from '../model/filter.js';

/** Named filters of a data directory: a shopping surface, the items for children. */
export type Pools = { readonly [name: string]: Filter };

export function readPools(directory: Directory): Pools {
  return directory.readMeta<Pools>('pools') ?? {};
}

/** Stores a checked filter under a name, in place of what was there; null removes the name. */
export function writePool(directory: Directory, name: string, filter: Filter | null): Pools {
  const problem = idProblem(name);
  if (problem) throw new PinnersageError('option-invalid', `pool name: ${problem}`);
  const others = Object.entries(readPools(directory)).filter(([other]) => other !== name);
  if (filter === null) poolFilter(directory, name);
  else parseFilter(filter, `pool "${name}"`);
  const pools = Object.fromEntries(filter === null ? others : [...others, [name, filter]]);
  directory.write(() => directory.writeMeta('pools', pools));
  return pools;
}

/** @throws `pool-unknown`. */
export function poolFilter(directory: Directory, name: string): FilterNode {
  const pools = readPools(directory);
  if (Object.hasOwn(pools, name)) return parseFilter(pools[name], `pool "${name}"`);
  const known = Object.keys(pools).join(', ') || 'there are none; declare one with "pinnersage config pool"';
  throw new PinnersageError('pool-unknown', `got pool "${name}", expected one of: ${known}`);
}

/**
 * The filter of a pool, marked with its name: a pool may have an index of its own, so that its answers are not those of the
 * same filter without a name. @throws `pool-unknown`.
 */
export function poolNode(directory: Directory, pool: string): FilterNode {
  return marked(poolFilter(directory, pool), pool);
}

function marked(node: FilterNode, pool: string): FilterNode {
  return { ...node, text: `pool ${JSON.stringify(pool)} ${node.text}`, pool };
}

/** Pool and filter of a request as one; null for neither. @throws `pool-unknown`, `option-invalid`. */
export function filterNode(
  directory: Directory,
  { filter, pool }: { readonly filter?: Filter; readonly pool?: string },
): FilterNode | null {
  const named = pool === undefined ? null : poolFilter(directory, pool);
  const given = filter === undefined ? null : parseFilter(filter);
  const node = named && given ? both(named, given) : (named ?? given);
  return node && pool !== undefined ? marked(node, pool) : node;
}
