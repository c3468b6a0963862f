import { PinnersageError } from '../errors.js';
import { readCsv } from './csv.js';
import { readNdjson } from './ndjson.js';
import { checkFile, formatOf } from './source.js';
import type { BadRow, ColumnRequest, ReadOptions, ReadTable } from './table.js';

/** Loaded when first needed: it brings a database with it. */
const readDuck: ReadTable = async function* (...input) {
  const duck = await import('./duckread.js');
  yield* duck.readDuck(...input);
};

const readers = { parquet: readDuck, csv: readCsv, ndjson: readNdjson };

/** See `ReadTable`. Throws `file-empty` where the file turns out to hold no row, good or bad. */
export const readTable: ReadTable = async function* (path, options, columns, onBad, onNote) {
  checkFile(path);
  checkMap(options, columns);
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

/** A field that is not read is a slip of the pen, or wants another name for what keeps the name of its column. */
function checkMap({ map = {}, rest }: ReadOptions, columns: readonly ColumnRequest[]): void {
  const fields = columns.map(({ name }) => name);
  const unknown = Object.keys(map).find((field) => !fields.includes(field));
  if (unknown === undefined) return;
  const others = rest ? '; other columns keep their names, which --sql can change' : '';
  throw new PinnersageError(
    'option-invalid',
    `--map: got field "${unknown}", expected one of: ${fields.join(', ')}${others}`,
  );
}
