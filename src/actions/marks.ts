import { expectVersion } from '../disk/codec.js';
import type { Directory, Table } from '../disk/directory.js';
import type { UserKey } from '../model/item.js';

/** What there is, and since when the marks say everything: logs written by a version without marks are not in them. */
interface MarkRange {
  /** Of the table: marks in lists and groups. A version before had one entry per user. */
  readonly form: 2;
  /** Changes after this sequence number are marked … */
  readonly from: number;
  /** … up to this one, which is the log's newest unless such a version wrote to it since. */
  readonly upTo: number;
  /** How many lists there are, and marks in them. */
  readonly lists: number;
  readonly listed: number;
}

const version = 2;
const groupHeadBytes = 8;
const listHeadBytes = 4;
const entryBytes = 8;
/** So many fill a page of the store. */
const usersPerGroup = 500;
const groupPrefix = 0;
const listPrefix = 1;
const mostLists = 256;
const leastListed = 65_536;

/**
 * Per user, the sequence number of the newest change of that user's log: what tells a batch whose log it need not read.
 *
 * A step that changes the logs of users all over writes one list of them, not a page of the store for each. From time to
 * time lists are folded into groups of consecutive users.
 * List: key 1, number u64 of its newest change; value version u8 = 2, 3 zero bytes, per user, rising: user u32, by how much
 * the number of the user's change is less u32. Group: key 0, first user / 500 u32; value version u8 = 2, 7 zero bytes, 500
 * numbers f64, 0 for none. Keys are big-endian, values little-endian.
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

  /**
   * Marks users with numbers above `before`, the log's newest one without these changes. `users`: how many numbers are given.
   * Call inside `Directory.write`.
   */
  put(marks: ReadonlyMap<UserKey, number>, before: number, maxSeq: number, users: number): void {
    const { marks: table } = this.directory.tables;
    if (!table) return;
    const range = this.range();
    if (range === null) clear(table, [Buffer.of(0), Buffer.of(0xff)]);
    const from = range !== null && range.upTo === before ? range.from : before;
    table.putSync(listKey(maxSeq), encodeList(marks, maxSeq));
    let lists = (range?.lists ?? 0) + 1;
    let listed = (range?.listed ?? 0) + marks.size;
    if (lists > mostLists || listed > Math.max(leastListed, users)) {
      fold(table);
      lists = 0;
      listed = 0;
    }
    this.directory.writeMeta('userMarks', { form: 2, from, upTo: maxSeq, lists, listed } satisfies MarkRange);
  }

  /** The marks above `since` of users `from … to−1`, in order. */
  *of(from: UserKey, to: UserKey, since = 0): Iterable<{ readonly user: UserKey; readonly seq: number }> {
    const { marks: table } = this.directory.tables;
    if (!table || to <= from || this.range() === null) return;
    const seqs = new Float64Array(to - from);
    const groups = { start: groupKey(from), end: groupKey(to - 1 + usersPerGroup) };
    for (const { key, value } of table.getRange(groups)) {
      expectVersion(value, version, 'mark of users');
      const first = key.readUInt32BE(1) * usersPerGroup;
      for (let user = Math.max(from, first); user < Math.min(to, first + usersPerGroup); user++)
        seqs[user - from] = value.readDoubleLE(groupHeadBytes + 8 * (user - first));
    }
    for (const { key, value } of table.getRange({ ...allLists, start: listKey(since + 1) }))
      eachOfList(key, value, from, to, (user, seq) => {
        seqs[user - from] = seq;
      });
    for (let user = from; user < to; user++)
      if (seqs[user - from] > since) yield { user, seq: seqs[user - from] };
  }

  private range(): MarkRange | null {
    const range = this.directory.readMeta<MarkRange>('userMarks');
    return range?.form === 2 ? range : null;
  }
}

/** The newest number per user; entries come mostly user by user. */
export class Marking {
  private readonly marks = new Map<UserKey, number>();
  private user = -1;
  private seq = 0;

  add(user: UserKey, seq: number): void {
    if (user !== this.user && this.user >= 0) this.marks.set(this.user, this.seq);
    this.user = user;
    this.seq = seq;
  }

  finish(): ReadonlyMap<UserKey, number> {
    if (this.user >= 0) this.marks.set(this.user, this.seq);
    return this.marks;
  }
}

const allLists = { start: Buffer.of(listPrefix), end: Buffer.of(listPrefix + 1) };

function listKey(seq: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = listPrefix;
  key.writeBigUInt64BE(BigInt(seq), 1);
  return key;
}

/** Of the group that a user is in. */
function groupKey(user: UserKey): Buffer {
  const key = Buffer.allocUnsafe(5);
  key[0] = groupPrefix;
  key.writeUInt32BE(Math.floor(user / usersPerGroup), 1);
  return key;
}

function encodeList(marks: ReadonlyMap<UserKey, number>, newest: number): Buffer {
  const users = Uint32Array.from(marks.keys()).sort();
  const list = Buffer.alloc(listHeadBytes + entryBytes * users.length);
  list[0] = version;
  users.forEach((user, i) => {
    list.writeUInt32LE(user, listHeadBytes + entryBytes * i);
    list.writeUInt32LE(newest - (marks.get(user) ?? newest), listHeadBytes + entryBytes * i + 4);
  });
  return list;
}

function eachOfList(
  key: Buffer,
  list: Buffer,
  from: UserKey,
  to: UserKey,
  visit: (user: UserKey, seq: number) => void,
): void {
  expectVersion(list, version, 'list of marks');
  const newest = Number(key.readBigUInt64BE(1));
  const userAt = (place: number): number => list.readUInt32LE(listHeadBytes + entryBytes * place);
  const length = (list.length - listHeadBytes) / entryBytes;
  let place = 0;
  for (let end = length; place < end; ) {
    const middle = (place + end) >> 1;
    if (userAt(middle) < from) place = middle + 1;
    else end = middle;
  }
  for (; place < length && userAt(place) < to; place++)
    visit(userAt(place), newest - list.readUInt32LE(listHeadBytes + entryBytes * place + 4));
}

/** Brings all lists into the groups. */
function fold(table: Table): void {
  const groups = new Map<number, Buffer>();
  for (const { key, value } of table.getRange(allLists))
    eachOfList(key, value, 0, Number.POSITIVE_INFINITY, (user, seq) => {
      const number = Math.floor(user / usersPerGroup);
      let group = groups.get(number);
      if (!group) {
        group = table.get(groupKey(user)) ?? emptyGroup();
        expectVersion(group, version, 'mark of users');
        groups.set(number, group);
      }
      group.writeDoubleLE(seq, groupHeadBytes + 8 * (user % usersPerGroup));
    });
  clear(table, [allLists.start, allLists.end]);
  for (const number of Uint32Array.from(groups.keys()).sort())
    table.putSync(groupKey(number * usersPerGroup), groups.get(number) ?? emptyGroup());
}

function emptyGroup(): Buffer {
  const group = Buffer.alloc(groupHeadBytes + 8 * usersPerGroup);
  group[0] = version;
  return group;
}

function clear(table: Table, [start, end]: readonly [Buffer, Buffer]): void {
  for (const key of [...table.getKeys({ start, end })]) table.removeSync(key);
}
