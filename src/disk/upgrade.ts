import { PinnersageError } from '../errors.js';
import { type Directory, directoryFormat, openDirectory } from './directory.js';
import { readMarker, writeMarker } from './marker.js';

/** Brings what is stored from one format to the next; runs inside one transaction. */
export type Migration = (directory: Directory) => void;

/** By the format they start from. Format 1 is the first. */
const migrations: { readonly [from: number]: Migration } = {};

export interface UpgradeReport {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings a data directory to the format of this version, one format after the other. From the first step to the last the
 * marker refuses every version: older ones as newer, this one until the upgrade was finished by the same call. Each step
 * commits together with its number, so it runs exactly once however often the work is killed.
 * `known` and `steps`: of this version, but for tests.
 * @throws `directory-newer`, `directory-missing`, `directory-locked`.
 */
export async function upgradeDirectory(
  path: string,
  known: number = directoryFormat,
  steps: { readonly [from: number]: Migration } = migrations,
): Promise<UpgradeReport> {
  const directory = await openDirectory(path, { mode: 'write', create: false, upTo: known });
  try {
    const marker = readMarker(path);
    const from = marker.upgradingFrom ?? marker.format;
    if (marker.format === known && marker.upgradingFrom === undefined) return { from, to: known };
    writeMarker(path, { ...marker, format: known, upgradingFrom: from });
    for (let at = directory.readMeta<number>('format') ?? from; at < known; at++) {
      const step = steps[at];
      if (!step) throw new PinnersageError('internal', `${path}: no migration from format ${at} is known`);
      directory.write(() => {
        step(directory);
        directory.writeMeta('format', at + 1);
      });
    }
    writeMarker(path, { format: known, state: marker.state });
    return { from, to: known };
  } finally {
    await directory.close();
  }
}
