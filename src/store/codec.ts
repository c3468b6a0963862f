import { expectVersion } from '../disk/codec.js';
import { dayMs } from '../model/action.js';
import { InterestColumns, idWords } from '../model/columns.js';
import type { ItemKey } from '../model/item.js';
import type { Interest, LeftOut } from '../model/profile.js';
import { decodeOlderProfile } from './olderprofile.js';

/**
 * What a batch stores of a user. It holds nothing that moves with the clock alone, so the bytes stay as they are while
 * the user's log and vectors do. What all users of a generation share (space, options, asOf, maxSeq) is stored once
 * with the generation.
 */
export interface StoredProfile {
  /** 16 hex digits, those of `clusterBasis`; null where a version that kept none wrote the profile. */
  readonly basis: string | null;
  /** The instant that importances and weights are for, epoch ms; null where they are for the generation's asOf. */
  readonly weighedAt: number | null;
  /** The first instant at which time alone changes the profile, epoch ms; −Infinity where it must be made anew. */
  readonly changesAt: number;
  readonly leftOut: LeftOut;
  /** By falling importance. */
  readonly interests: readonly Interest[];
  /** Per interest and member, the part of its actions in the importance; empty where none was kept. */
  readonly weights: readonly Float32Array[];
}

/**
 * Layout: version u8, width u8 (bytes of a count: 1, 2 or 4), slot u8 (bundle.ts), a zero byte, interests u32, members u32, what was left out
 * 5 u32 (role, afterAsOf, outsideWindow, unembedded, truncated), basis 2 u32, weighedAt f64, changesAt f64; then columns.
 * By interest: id 2 u32, importance f64, lastActionAt f64, medoid u32, members u32; by member, those of one interest after
 * another: item u32, weight f32; then by interest size, and by member count, of `width` bytes. Little-endian; of two words
 * the high one first. What older versions wrote: olderprofile.ts; version 4 was this with a zero slot.
 */
const version = 5;
const isOfColumns = (byte: number): boolean => byte === version || byte === 4;
/** The place of the slot, which `encodeProfile` leaves at 0. */
export const slotAt = 2;
const headBytes = 56;
const leftOutAt = 12;
const basisAt = 32;
const weighedAtAt = 40;
const changesAtAt = 48;
/** Bytes of an interest and of a member, without those that have a width. */
const interestBytes = 32;
const memberBytes = 8;
/** The most that a profile takes. */
export const mostBytes = (interests: number, members: number): number =>
  headBytes + (interestBytes + 4) * interests + (memberBytes + 4) * members;
export const leftOutReasons = ['role', 'afterAsOf', 'outsideWindow', 'unembedded', 'truncated'] as const;
export const nothingLeftOut = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };

/** What a profile says besides its interests, with everything that older ones may lack. */
export interface ProfileHead extends Pick<StoredProfile, 'changesAt' | 'leftOut'> {
  readonly basis: { readonly high: number; readonly low: number };
  readonly weighedAt: number;
}

export interface NewProfile extends Omit<ProfileHead, 'basis'> {
  readonly basis: string;
  readonly interests: readonly Interest[];
  /** By interest and member, the part of the member's actions in the importance; what follows does not count. */
  readonly weights: Float32Array;
}

export function encodeProfile({ basis, ...profile }: NewProfile): Buffer {
  const columns = new InterestColumns();
  columns.fill(profile.interests, profile.weights);
  const length = profileBytes(columns);
  const memory = new ProfileMemory(new ArrayBuffer(roundUp(length)));
  const [high, low] = idWords(basis);
  writeProfile(memory, 0, { ...profile, basis: { high, low } }, columns);
  return Buffer.from(memory.bytes.buffer, 0, length);
}

/** Memory that profiles are written to, each from a multiple of 8 on; it ends at one too. */
export class ProfileMemory<T extends ArrayBufferLike = ArrayBufferLike> {
  readonly bytes: Uint8Array<T>;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  readonly weights: Float32Array;
  readonly numbers: Float64Array;

  constructor(buffer: T) {
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
    this.weights = new Float32Array(buffer);
    this.numbers = new Float64Array(buffer);
  }
}

/** To a multiple of 8; up to 2³¹ − 8. */
export const roundUp = (bytes: number): number => (bytes + 7) & ~7;

export function profileBytes(columns: InterestColumns): number {
  const { count, memberCount: members } = columns;
  const width = widthOf(columns, members);
  return headBytes + (interestBytes + width) * count + (memberBytes + width) * members;
}

/** Bytes that sizes and counts need. */
function widthOf({ count, sizes, counts }: InterestColumns, members: number): 1 | 2 | 4 {
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= sizes[i];
  for (let i = 0; i < members; i++) bits |= counts[i];
  return bits >>> 8 === 0 ? 1 : bits >>> 16 === 0 ? 2 : 4;
}

/** Writes a profile of `profileBytes` from `start` on, a multiple of 8. */
export function writeProfile(
  memory: ProfileMemory,
  start: number,
  head: ProfileHead,
  columns: InterestColumns,
): void {
  const { count, memberCount: members } = columns;
  const width = widthOf(columns, members);
  writeHead(memory, start, head, columns);
  memory.bytes[start + 1] = width;
  writeInterests(memory, start + headBytes, columns);
  writeMembers(memory, start + headBytes + interestBytes * count, columns, members);
  const narrow = (start + headBytes + interestBytes * count + memberBytes * members) / width;
  const cells = width === 1 ? memory.bytes : width === 2 ? memory.halves : memory.words;
  for (let i = 0; i < count; i++) cells[narrow + i] = columns.sizes[i];
  for (let i = 0; i < members; i++) cells[narrow + count + i] = columns.counts[i];
}

/** Writes what is before the columns, but for the width. */
export function writeHead(
  { words, numbers }: ProfileMemory,
  start: number,
  { basis, weighedAt, changesAt, leftOut }: ProfileHead,
  { count, memberCount }: InterestColumns,
): void {
  const at = start / 4;
  words[at] = version;
  words[at + 1] = count;
  words[at + 2] = memberCount;
  // Spelt out, in the order of the reasons: names that vary are looked up one by one.
  words[at + 3] = leftOut.role;
  words[at + 4] = leftOut.afterAsOf;
  words[at + 5] = leftOut.outsideWindow;
  words[at + 6] = leftOut.unembedded;
  words[at + 7] = leftOut.truncated;
  words[at + 8] = basis.high;
  words[at + 9] = basis.low;
  numbers[(start + weighedAtAt) / 8] = weighedAt;
  numbers[(start + changesAtAt) / 8] = changesAt;
}

function writeInterests({ words, numbers }: ProfileMemory, start: number, columns: InterestColumns): void {
  const { count, ids, importances, lastActionAt, medoids, ends } = columns;
  for (let i = 0, at = start / 4; i < 2 * count; i++) words[at + i] = ids[i];
  for (let i = 0, at = start / 8 + count; i < count; i++) {
    numbers[at + i] = importances[i];
    numbers[at + count + i] = lastActionAt[i];
  }
  for (let i = 0, at = start / 4 + 6 * count, from = 0; i < count; from = ends[i], i++) {
    words[at + i] = medoids[i];
    words[at + count + i] = ends[i] - from;
  }
}

function writeMembers(
  { words, weights }: ProfileMemory,
  start: number,
  columns: InterestColumns,
  members: number,
): void {
  for (let i = 0, at = start / 4; i < members; i++) {
    words[at + i] = columns.members[i];
    weights[at + members + i] = columns.weights[i];
  }
}

/** Where the profile that begins at `start` ends, by what it says of itself: one of an older version with the entry. */
export function profileEnd(bytes: DataView, start: number): number {
  if (!isOfColumns(bytes.getUint8(start))) return bytes.byteLength;
  const room = bytes.byteLength - start;
  // Less than a head is not whole either.
  if (room < headBytes) return start + headBytes;
  const width = bytes.getUint8(start + 1);
  const count = bytes.getUint32(start + 4, true);
  const members = bytes.getUint32(start + 8, true);
  return start + headBytes + (interestBytes + width) * count + (memberBytes + width) * members;
}

/** The slot that the profile at `start` names. */
export function slotIn(bytes: DataView, start: number): number {
  return bytes.getUint8(start) === version ? bytes.getUint8(start + slotAt) : 0;
}

/** @throws `directory-newer`, `data-damaged`. */
export function decodeProfile(bytes: Buffer): StoredProfile {
  if (!isOfColumns(bytes[0])) {
    if (bytes[0] < 1 || bytes[0] > version) expectVersion(bytes, version, 'profile');
    return decodeOlderProfile(bytes);
  }
  const leftOut = { ...nothingLeftOut };
  leftOutReasons.forEach((reason, i) => {
    leftOut[reason] = bytes.readUInt32LE(leftOutAt + 4 * i);
  });
  return {
    basis: hexAt(bytes, basisAt),
    weighedAt: bytes.readDoubleLE(weighedAtAt),
    changesAt: bytes.readDoubleLE(changesAtAt),
    leftOut,
    ...decodeInterests(bytes),
  };
}

function decodeInterests(bytes: Buffer): Pick<StoredProfile, 'interests' | 'weights'> {
  const [width, count, total] = [bytes[1], bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  const membersAt = headBytes + interestBytes * count;
  const weightsAt = membersAt + 4 * total;
  const sizesAt = weightsAt + 4 * total;
  const countsAt = sizesAt + width * count;
  const interests: Interest[] = [];
  const weights: Float32Array[] = [];
  for (let i = 0, from = 0; i < count; i++) {
    const length = bytes.readUInt32LE(headBytes + 28 * count + 4 * i);
    const column = (at: number, bytesEach: number): number => at + bytesEach * from;
    interests.push({
      id: hexAt(bytes, headBytes + 8 * i),
      medoid: bytes.readUInt32LE(headBytes + 24 * count + 4 * i),
      importance: bytes.readDoubleLE(headBytes + 8 * count + 8 * i),
      size: bytes.readUIntLE(sizesAt + width * i, width),
      lastActionAt: bytes.readDoubleLE(headBytes + 16 * count + 8 * i),
      members: Uint32Array.from({ length }, (_, k) => bytes.readUInt32LE(column(membersAt, 4) + 4 * k)),
      counts: Uint32Array.from({ length }, (_, k) =>
        bytes.readUIntLE(column(countsAt, width) + width * k, width),
      ),
    });
    weights.push(Float32Array.from({ length }, (_, k) => bytes.readFloatLE(column(weightsAt, 4) + 4 * k)));
    from += length;
  }
  return { interests, weights };
}

const digits = Buffer.alloc(8);

/** Two words as 16 hex digits. */
function hexAt(bytes: Buffer, at: number): string {
  digits.writeUInt32BE(bytes.readUInt32LE(at));
  digits.writeUInt32BE(bytes.readUInt32LE(at + 4), 4);
  return digits.toString('hex');
}

/** The interests at an instant (epoch ms) that is not before the one they were stored for; `lambda` per day. */
export function interestsAt(
  { weighedAt, interests }: StoredProfile,
  asOf: number,
  lambda: number,
): readonly Interest[] {
  const factor = weighedAt === null ? 1 : decayBetween(weighedAt, asOf, lambda);
  if (factor === 1) return interests;
  return interests.map((interest) => ({ ...interest, importance: interest.importance * factor }));
}

/** exp(−λ · days), at most 1. */
export function decayBetween(from: number, to: number, lambda: number): number {
  return Math.exp(-lambda * (Math.max(0, to - from) / dayMs));
}

/** An encoded profile, read in place: for what looks at every user. */
export class ProfileView {
  private view: DataView = new DataView(new ArrayBuffer(0));
  private start = 0;

  /** What begins at `start`. False where an older version wrote it, which can only be decoded. */
  set(bytes: DataView, start = 0): boolean {
    this.view = bytes;
    this.start = start;
    return isOfColumns(bytes.getUint8(start));
  }

  get buffer(): ArrayBufferLike {
    return this.view.buffer;
  }

  get interests(): number {
    return this.view.getUint32(this.start + 4, true);
  }

  get weighedAt(): number {
    return this.view.getFloat64(this.start + weighedAtAt, true);
  }

  get changesAt(): number {
    return this.view.getFloat64(this.start + changesAtAt, true);
  }

  /** How many actions were left out for a reason, by its place among `leftOutReasons`. */
  leftOut(reason: number): number {
    return this.view.getUint32(this.start + leftOutAt + 4 * reason, true);
  }

  get members(): number {
    return this.view.getUint32(this.start + 8, true);
  }

  /** Where the items of members lie; their weights follow. */
  get membersAt(): number {
    return this.start + headBytes + interestBytes * this.interests;
  }

  /** Every member with its part in the importance at `weighedAt`. */
  eachMember(visit: (item: ItemKey, weight: number) => void): void {
    const { view, membersAt } = this;
    const bytes = 4 * this.members;
    for (let at = membersAt; at < membersAt + bytes; at += 4)
      visit(view.getUint32(at, true), view.getFloat32(at + bytes, true));
  }

  /** Adds what `eachMember` tells, times `factor` ≥ 0 and as `Math.round` rounds it, to the items' places in `sums`. */
  addMembers(sums: Float64Array, factor: number): void {
    const { view, membersAt } = this;
    const bytes = 4 * this.members;
    for (let at = membersAt; at < membersAt + bytes; at += 4)
      sums[view.getUint32(at, true)] += Math.floor(view.getFloat32(at + bytes, true) * factor + belowHalf);
  }
}

/** Twice as fast as `Math.round`, which branches on what cannot be foreseen, and with this addend the same from 0 on. */
const belowHalf = 0.5 - 2 ** -54;
