import { createExactSearch } from '../../src/ann/exact.js';
import type { LoadedSpace } from '../../src/catalog/space.js';
import type { StoredSpace } from '../../src/evaluate/models.js';

/** A loaded space with an exact search over it. */
export function storedSpaceOf({ info, ...table }: LoadedSpace): StoredSpace {
  const { name, generation, normalized } = info;
  return { name, generation, normalized, table, search: createExactSearch({ ...table, normalized }) };
}
