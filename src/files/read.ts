import { PinnersageError } from '../errors.js';
import { readCsv } from './csv.js';
import { readNdjson } from './ndjson.js';
import { checkFile, formatOf } from './source.js';
import type { BadRow, ReadTable } from './table.js';

/** Loaded when first needed: it brings a database with it. */
const readDuck: ReadTable = async function* (...input) {
  const duck = await import('./duckread.js');
  yield* duck.readDuck(...input);
};

const readers = { parquet: readDuck, csv: readCsv, ndjson: readNdjson };

/** See `ReadTable`. Throws `file-empty` where the file turns out to hold no row, good or bad. */
export const readTable: ReadTable = async function* (path, options, columns, onBad, onNote) {
  checkFile(path);
  const read = options.sql === undefined ? readers[formatOf(path, options)] : readDuck;
  let isEmpty = true;
  const onCountedBad = (bad: BadRow) => {
    isEmpty = false;
    onBad(bad);
  };
  for await (const batch of read(path, options, columns, onCountedBad, onNote)) {
    isEmpty = false;
    yield batch;
  }
  if (!isEmpty) return;
  const what = options.sql === undefined ? 'holds no rows' : 'the SELECT gives no rows';
  throw new PinnersageError('file-empty', `${path}: ${what}`);
};
