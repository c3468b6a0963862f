import { explainFault } from '../disk/fault.js';
import { PinnersageError } from '../errors.js';

/** From the opening of a directory to its end, which comes after the work that was begun in between. */
export class Lifetime {
  private readonly path: string;
  private readonly release: () => Promise<void>;
  private readonly running = new Set<Promise<unknown>>();
  private ending: Promise<void> | null = null;

  constructor(path: string, release: () => Promise<void>) {
    this.path = path;
    this.release = release;
  }

  /** @throws `directory-closed`. */
  check(): void {
    if (this.ending)
      throw new PinnersageError('directory-closed', `${this.path}: was closed, expected an open directory`);
  }

  /** Begins work that the end waits for. What the system refuses it gets a code. @throws `directory-closed`. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.check();
    const promise = work();
    this.running.add(promise);
    try {
      return await promise;
    } catch (error) {
      throw explainFault(error, this.path);
    } finally {
      this.running.delete(promise);
    }
  }

  /** Rows that are read one by one, as long as it lasts. */
  *rows<T>(rows: Iterable<T>): Generator<T, void> {
    for (const row of rows) {
      yield row;
      this.check();
    }
  }

  /** Begins nothing any more, waits for what was begun, and releases the directory. Again, it waits for the same. */
  end(): Promise<void> {
    this.ending ??= Promise.allSettled(this.running).then(this.release);
    return this.ending;
  }
}
