import { createReadStream, existsSync, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { PinnersageError } from '../errors.js';
import type { FileFormat, FileOptions } from './table.js';

const byExtension: { readonly [extension: string]: FileFormat } = {
  parquet: 'parquet',
  pq: 'parquet',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'ndjson',
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  dat: 'csv',
  data: 'csv',
  txt: 'csv',
};

const chunkBytes = 1 << 18;

export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

/** The extension in lower case, without a `.gz` behind it. */
export function extensionOf(path: string): string {
  return /\.([^./\\]+)$/.exec(path.toLowerCase().replace(/\.gz$/, ''))?.[1] ?? '';
}

/** Throws unless the path is a file with something in it. */
export function checkFile(path: string): void {
  if (!existsSync(path)) throw new PinnersageError('file-missing', `${path} does not exist`);
  const stat = statSync(path);
  if (stat.isDirectory()) {
    throw new PinnersageError('file-missing', `${path} is a directory; name the files in it`);
  }
  if (stat.isFile() && stat.size === 0) throw new PinnersageError('file-empty', `${path} is empty (0 bytes)`);
}

export function formatOf(path: string, options: FileOptions): FileFormat {
  const format = options.format ?? byExtension[extensionOf(path)];
  if (format !== undefined) return format;
  throw new PinnersageError(
    'file-format',
    `${path}: the extension does not tell the format; expected .parquet, .ndjson or .csv, or the format stated ` +
      '(--format parquet|ndjson|csv)',
  );
}

/** The bytes of a file, unpacked where its name ends in .gz, a quarter of a megabyte at a time. */
export async function* byteChunks(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  const bytes = isGzip(path) ? file.pipe(createGunzip({ chunkSize: chunkBytes })) : file;
  file.on('error', (error) => bytes.destroy(error));
  try {
    for await (const chunk of bytes) yield chunk;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const code = isGzip(path) && reason !== '' ? 'file-format' : 'file-missing';
    throw new PinnersageError(code, `${path} cannot be read: ${reason}`, { cause: error });
  } finally {
    file.destroy();
  }
}
