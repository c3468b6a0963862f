import type { Directory } from '../disk/directory.js';
import type { UserKey } from '../model/item.js';

/** Removes the profiles of one user from every generation of every space. Call inside `Directory.write`. */
export function forgetProfiles(directory: Directory, user: UserKey): void {
  const { profiles } = directory.tables;
  for (let start = profileKey(0, 0); ; ) {
    const [first] = [...profiles.getKeys({ start, limit: 1 })];
    if (!first) return;
    const generation = first.readUInt32BE(0);
    profiles.removeSync(profileKey(generation, user));
    start = profileKey(generation + 1, 0);
  }
}

function profileKey(generation: number, user: UserKey): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(generation, 0);
  key.writeUInt32BE(user, 4);
  return key;
}
