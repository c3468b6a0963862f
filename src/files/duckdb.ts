import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { type ErrorCode, PinnersageError } from '../errors.js';

/** A SELECT that sorts or groups spills beyond it. */
const memoryMiB = Math.floor(Math.min(2 ** 31, totalmem() / 2) / 2 ** 20);

const config = {
  threads: '1',
  memory_limit: `${memoryMiB}MiB`,
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  temp_directory: join(tmpdir(), `pinnersage-duckdb-${process.pid}`),
};

/** One in-memory DuckDB for one file; close it. An error of DuckDB becomes one line with the file and the code. */
export class DuckSession {
  readonly #path: string;
  readonly #code: ErrorCode;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(path: string, code: ErrorCode, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#path = path;
    this.#code = code;
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(path: string, code: ErrorCode): Promise<DuckSession> {
    const { DuckDBInstance } = await import('@duckdb/node-api'); // only those who read files pay for loading it
    const instance = await DuckDBInstance.create(':memory:', config);
    return new DuckSession(path, code, instance, await instance.connect());
  }

  async run(sql: string): Promise<void> {
    await this.#guard(this.#connection.run(sql));
  }

  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.#guard(this.#connection.runAndReadAll(sql))).getRowsJson();
  }

  /** The chunks of a result as DuckDB makes them, none kept; the next is made while one is worked on. */
  async *stream(sql: string): AsyncGenerator<DuckDBDataChunk> {
    const result = await this.#guard(this.#connection.stream(sql));
    let next = result.fetchChunk();
    try {
      for (;;) {
        const chunk = await this.#guard(next);
        if (chunk === null || chunk.rowCount === 0) return;
        next = result.fetchChunk();
        yield chunk;
      }
    } finally {
      // A reader may leave early: the session must not be closed under a fetch.
      await Promise.allSettled([next]);
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const line = firstLine(error.message);
      throw new PinnersageError(this.#code, `${this.#path}: ${line}`, { cause: error });
    }
  }
}

function firstLine(message: string): string {
  const line = message.split('\n').find((text) => text.trim() !== '') ?? message;
  return line.replace(/^(?:[A-Z]\w* )+Error: /, '').trim();
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
