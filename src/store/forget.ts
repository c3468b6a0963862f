import type { Directory } from '../disk/directory.js';
import type { UserKey } from '../model/item.js';
import { placesOf, profileKey, without } from './bundle.js';

/** Removes the profiles of one user from every generation of every space. Call inside `Directory.write`. */
export function forgetProfiles(directory: Directory, user: UserKey): void {
  const { profiles } = directory.tables;
  for (let start = profileKey(0, 0); ; ) {
    const [first] = [...profiles.getKeys({ start, limit: 1 })];
    if (!first) return;
    const generation = first.readUInt32BE(0);
    for (const place of placesOf(user)) {
      const key = profileKey(generation, place);
      const bytes = profiles.get(key);
      if (!bytes) continue;
      const left = without(place, bytes, user);
      if (left.length === 0) profiles.removeSync(key);
      else if (left !== bytes) profiles.putSync(key, left);
    }
    start = profileKey(generation + 1, 0);
  }
}
