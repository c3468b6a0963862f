import { Catalog } from '../catalog/catalog.js';
import type { Directory } from '../disk/directory.js';
import { PinnersageError } from '../errors.js';
import type { AlphaChoice, Calibration, JsonValue } from '../model/item.js';

/** Evidence as it is stored: which generation it is about, and the report of the search as data. */
interface StoredEvidence {
  readonly generation: number;
  readonly evidence: JsonValue;
}

const evidenceName = (id: number): string => `calibration:${id}`;

/**
 * Stores what was chosen for a generation of a space, with the evidence, in one step. It takes effect with the next batch
 * and request. @throws `space-unknown`; `option-invalid` where the space was built anew meanwhile.
 */
export function storeCalibration(
  directory: Directory,
  name: string,
  generation: number,
  calibration: Calibration,
  alpha: AlphaChoice,
  evidence: object,
): void {
  const catalog = new Catalog(directory);
  directory.write(() => {
    const record = catalog.space(name);
    if (record.generation !== generation)
      throw new PinnersageError(
        'option-invalid',
        `space "${name}": got generation ${record.generation}, expected ${generation}, which was calibrated; run "pinnersage calibrate" again`,
      );
    directory.writeMeta(evidenceName(record.id), { generation, evidence });
    catalog.replaceRecord({ ...record, calibration, alpha });
  });
}

/** What a calibration was chosen by; null where the current generation of the space was not calibrated. */
export function calibrationEvidence(directory: Directory, name?: string): JsonValue {
  const record = new Catalog(directory).space(name);
  const stored = directory.readMeta<StoredEvidence>(evidenceName(record.id));
  return record.calibration && stored?.generation === record.generation ? stored.evidence : null;
}

/** Goes back to the paper's recipe and the starting rule of alpha. */
export function clearCalibration(directory: Directory, name?: string): void {
  const catalog = new Catalog(directory);
  directory.write(() => {
    const { calibration: _, ...record } = catalog.space(name);
    const alpha = record.alpha?.origin === 'calibrated' ? null : record.alpha;
    catalog.replaceRecord({ ...record, alpha });
    directory.writeMeta(evidenceName(record.id), null);
  });
}
