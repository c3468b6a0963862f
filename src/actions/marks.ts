import { expectVersion, u32Key } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';
import type { UserKey } from '../model/item.js';

/** Since when the marks say everything: logs written by a version without marks are not in them. */
interface MarkRange {
  /** Changes after this sequence number are marked … */
  readonly from: number;
  /** … up to this one, which is the log's newest unless such a version wrote to it since. */
  readonly upTo: number;
}

const version = 1;

/**
 * Per user, the sequence number of the newest change of that user's log: what tells a batch whose log it need not read.
 * Value: version u8, sequence number f64 little-endian.
 */
export class UserMarks {
  private readonly directory: Directory;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** Whether every user whose log changed after `seq` is marked; `maxSeq`: the log's newest number. */
  coverSince(seq: number, maxSeq: number): boolean {
    const range = this.range();
    return range !== null && range.from <= seq && range.upTo === maxSeq;
  }

  /** `before`: the log's newest number without these changes. Call inside `Directory.write`. */
  put(marks: ReadonlyMap<UserKey, number>, before: number, maxSeq: number): void {
    const { marks: table } = this.directory.tables;
    if (!table) return;
    for (const [user, seq] of marks) table.putSync(u32Key(user), encodeMark(seq));
    const range = this.range();
    const from = range !== null && range.upTo === before ? range.from : before;
    this.directory.writeMeta('userMarks', { from, upTo: maxSeq } satisfies MarkRange);
  }

  /** The marks of users `from … to−1` in order. */
  *of(from: UserKey, to: UserKey): Iterable<{ readonly user: UserKey; readonly seq: number }> {
    const { marks: table } = this.directory.tables;
    if (!table) return;
    const range = { start: u32Key(from), ...(to > 0xffffffff ? {} : { end: u32Key(to) }) };
    for (const { key, value } of table.getRange(range))
      yield { user: key.readUInt32BE(), seq: decodeMark(value) };
  }

  private range(): MarkRange | null {
    return this.directory.readMeta<MarkRange>('userMarks');
  }
}

function encodeMark(seq: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = version;
  bytes.writeDoubleLE(seq, 1);
  return bytes;
}

function decodeMark(bytes: Buffer): number {
  expectVersion(bytes, version, 'mark of a user');
  return bytes.readDoubleLE(1);
}
