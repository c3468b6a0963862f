import { expectVersion } from '../disk/codec.js';
import { dayMs } from '../model/action.js';
import { InterestColumns } from '../model/columns.js';
import type { ItemKey } from '../model/item.js';
import type { Interest, LeftOut } from '../model/profile.js';

/**
 * What a batch stores of a user. It holds nothing that moves with the clock alone, so the bytes stay as they are while
 * the user's log and vectors do. What all users of a generation share (space, options, asOf, maxSeq) is stored once
 * with the generation.
 */
export interface StoredProfile {
  /** 16 hex digits, from `clusterBasis`; null where a version that kept none wrote the profile. */
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
 * Layout: version u8, 3 zero bytes, interests u32, basis 8 bytes, weighedAt f64, changesAt f64, what was left out 5 u32
 * (role, afterAsOf, outsideWindow, unembedded, truncated), then each interest: id 8 bytes, medoid u32, size u32,
 * importance f64, lastActionAt f64, members u32, then per member: item u32, count u32, weight f32. Little-endian.
 * Version 2: version u8, interests u16, basis, interests, members without weight. Version 1 was that without basis.
 */
const version = 3;
const headBytes = 52;
const interestBytes = 36;
const memberBytes = 12;
const leftOutAt = 32;
export const leftOutReasons = ['role', 'afterAsOf', 'outsideWindow', 'unembedded', 'truncated'] as const;
export const nothingLeftOut = { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 };

/** What a profile says besides its interests, with everything that older ones may lack. */
export interface ProfileHead extends Pick<StoredProfile, 'changesAt' | 'leftOut'> {
  readonly basis: string;
  readonly weighedAt: number;
}

export interface NewProfile extends ProfileHead {
  readonly interests: readonly Interest[];
  /** By interest and member, the part of the member's actions in the importance; what follows does not count. */
  readonly weights: Float32Array;
}

export function encodeProfile(profile: NewProfile): Buffer {
  const columns = new InterestColumns();
  columns.fill(profile.interests, profile.weights);
  const bytes = Buffer.alloc(profileBytes(columns));
  writeProfile(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, profile, columns);
  return bytes;
}

export function profileBytes({ count, ends }: InterestColumns): number {
  const members = count === 0 ? 0 : ends[count - 1];
  return headBytes + interestBytes * count + memberBytes * members;
}

/** Writes a profile of `profileBytes` from `start` on. */
export function writeProfile(
  view: DataView,
  start: number,
  { basis, weighedAt, changesAt, leftOut }: ProfileHead,
  columns: InterestColumns,
): void {
  view.setUint32(start, version, true);
  view.setUint32(start + 4, columns.count, true);
  writeHex(view, start + 8, basis);
  view.setFloat64(start + 16, weighedAt, true);
  view.setFloat64(start + 24, changesAt, true);
  const at = start + leftOutAt;
  // Spelt out, in the order of the reasons: names that vary are looked up one by one.
  view.setUint32(at, leftOut.role, true);
  view.setUint32(at + 4, leftOut.afterAsOf, true);
  view.setUint32(at + 8, leftOut.outsideWindow, true);
  view.setUint32(at + 12, leftOut.unembedded, true);
  view.setUint32(at + 16, leftOut.truncated, true);
  writeInterests(view, start + headBytes, columns);
}

function writeInterests(view: DataView, start: number, columns: InterestColumns): void {
  const { count, ids, medoids, sizes, importances, lastActionAt, ends, members, counts, weights } = columns;
  let at = start;
  let member = 0;
  for (let i = 0; i < count; i++) {
    const end = ends[i];
    view.setUint32(at, ids[2 * i]);
    view.setUint32(at + 4, ids[2 * i + 1]);
    view.setUint32(at + 8, medoids[i], true);
    view.setUint32(at + 12, sizes[i], true);
    view.setFloat64(at + 16, importances[i], true);
    view.setFloat64(at + 24, lastActionAt[i], true);
    view.setUint32(at + 32, end - member, true);
    at += interestBytes;
    for (; member < end; member++, at += memberBytes) {
      view.setUint32(at, members[member], true);
      view.setUint32(at + 4, counts[member], true);
      view.setFloat32(at + 8, weights[member], true);
    }
  }
}

/** 16 hex digits as 8 bytes. */
function writeHex(view: DataView, at: number, digits: string): void {
  for (let i = 0; i < 8; i++) {
    const [high, low] = [digits.charCodeAt(2 * i), digits.charCodeAt(2 * i + 1)];
    // '0' is 0x30, 'a' is 0x61: the low four bits, and 9 more for letters.
    view.setUint8(at + i, (((high & 15) + 9 * (high >> 6)) << 4) | ((low & 15) + 9 * (low >> 6)));
  }
}

/** @throws `directory-newer`, `data-damaged`. */
export function decodeProfile(bytes: Buffer): StoredProfile {
  if (bytes[0] !== version) return decodeOlder(bytes);
  const leftOut = { ...nothingLeftOut };
  leftOutReasons.forEach((reason, i) => {
    leftOut[reason] = bytes.readUInt32LE(leftOutAt + 4 * i);
  });
  return {
    basis: bytes.toString('hex', 8, 16),
    weighedAt: bytes.readDoubleLE(16),
    changesAt: bytes.readDoubleLE(24),
    leftOut,
    ...decodeInterests(bytes, headBytes, bytes.readUInt32LE(4), memberBytes),
  };
}

function decodeOlder(bytes: Buffer): StoredProfile {
  const hasBasis = bytes[0] !== 1;
  if (hasBasis && bytes[0] !== 2) expectVersion(bytes, version, 'profile');
  return {
    basis: hasBasis ? bytes.toString('hex', 3, 11) : null,
    weighedAt: null,
    changesAt: Number.NEGATIVE_INFINITY,
    leftOut: nothingLeftOut,
    ...decodeInterests(bytes, hasBasis ? 11 : 3, bytes.readUInt16LE(1), 8),
  };
}

/** `stride`: bytes per member; there is a weight where there is room for one. */
function decodeInterests(
  bytes: Buffer,
  from: number,
  count: number,
  stride: number,
): Pick<StoredProfile, 'interests' | 'weights'> {
  const interests: Interest[] = [];
  const weights: Float32Array[] = [];
  for (let at = from; interests.length < count; ) {
    const length = bytes.readUInt32LE(at + 32);
    const members = new Uint32Array(length);
    const counts = new Uint32Array(length);
    const parts = new Float32Array(stride === memberBytes ? length : 0);
    for (let i = 0, member = at + interestBytes; i < length; i++, member += stride) {
      members[i] = bytes.readUInt32LE(member);
      counts[i] = bytes.readUInt32LE(member + 4);
      if (i < parts.length) parts[i] = bytes.readFloatLE(member + 8);
    }
    interests.push({
      id: bytes.toString('hex', at, at + 8),
      medoid: bytes.readUInt32LE(at + 8),
      size: bytes.readUInt32LE(at + 12),
      importance: bytes.readDoubleLE(at + 16),
      lastActionAt: bytes.readDoubleLE(at + 24),
      members,
      counts,
    });
    weights.push(parts);
    at += interestBytes + stride * length;
  }
  return { interests, weights };
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
    return bytes.getUint8(start) === version;
  }

  get interests(): number {
    return this.view.getUint32(this.start + 4, true);
  }

  get weighedAt(): number {
    return this.view.getFloat64(this.start + 16, true);
  }

  get changesAt(): number {
    return this.view.getFloat64(this.start + 24, true);
  }

  /** How many actions were left out for a reason, by its place among `leftOutReasons`. */
  leftOut(reason: number): number {
    return this.view.getUint32(this.start + leftOutAt + 4 * reason, true);
  }

  /** Every member with its part in the importance at `weighedAt`. */
  eachMember(visit: (item: ItemKey, weight: number) => void): void {
    const { view } = this;
    let at = this.start + headBytes;
    for (let left = this.interests; left > 0; left--) {
      const end = at + interestBytes + memberBytes * view.getUint32(at + 32, true);
      for (at += interestBytes; at < end; at += memberBytes)
        visit(view.getUint32(at, true), view.getFloat32(at + 8, true));
    }
  }

  /** Adds what `eachMember` tells, times `factor` ≥ 0 and as `Math.round` rounds it, to the items' places in `sums`. */
  addMembers(sums: Float64Array, factor: number): void {
    const { view } = this;
    let at = this.start + headBytes;
    for (let left = this.interests; left > 0; left--) {
      const end = at + interestBytes + memberBytes * view.getUint32(at + 32, true);
      for (at += interestBytes; at < end; at += memberBytes)
        sums[view.getUint32(at, true)] += Math.floor(view.getFloat32(at + 8, true) * factor + belowHalf);
    }
  }
}

/** Twice as fast as `Math.round`, which branches on what cannot be foreseen, and with this addend the same from 0 on. */
const belowHalf = 0.5 - 2 ** -54;
