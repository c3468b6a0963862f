import { expectVersion } from '../disk/codec.js';
import type { Interest } from '../model/profile.js';

/**
 * A user's interests as bytes. What all users of a generation share (space, options, asOf, maxSeq) is stored once
 * with the generation. Layout: version u8, interests u16, basis 8 bytes, then each: id 8 bytes, medoid u32, size u32,
 * importance f64, lastActionAt f64, members u32, then per member: item u32, count u32. Little-endian.
 * Version 1 had no basis.
 */
const version = 2;
const withoutBasis = 1;
const basisAt = 3;
const headBytes = 11;
const interestBytes = 36;

/** A user's interests with the digest of what their clusters were computed from. */
export interface StoredInterests {
  /** 16 hex digits, from `clusterBasis`; null where a version that kept none wrote them. */
  readonly basis: string | null;
  readonly interests: readonly Interest[];
}

export function encodeInterests(interests: readonly Interest[], basis: string): Buffer {
  const memberCount = interests.reduce((sum, interest) => sum + interest.members.length, 0);
  const bytes = Buffer.allocUnsafe(headBytes + interestBytes * interests.length + 8 * memberCount);
  bytes[0] = version;
  bytes.writeUInt16LE(interests.length, 1);
  bytes.write(basis, basisAt, 'hex');
  let at = headBytes;
  for (const interest of interests) {
    bytes.write(interest.id, at, 'hex');
    bytes.writeUInt32LE(interest.medoid, at + 8);
    bytes.writeUInt32LE(interest.size, at + 12);
    bytes.writeDoubleLE(interest.importance, at + 16);
    bytes.writeDoubleLE(interest.lastActionAt, at + 24);
    bytes.writeUInt32LE(interest.members.length, at + 32);
    at += interestBytes;
    for (let i = 0; i < interest.members.length; i++, at += 8) {
      bytes.writeUInt32LE(interest.members[i], at);
      bytes.writeUInt32LE(interest.counts[i], at + 4);
    }
  }
  return bytes;
}

export function decodeInterests(bytes: Buffer): StoredInterests {
  const isOld = bytes[0] === withoutBasis;
  if (!isOld) expectVersion(bytes, version, 'profile');
  const interests: Interest[] = [];
  let at = isOld ? basisAt : headBytes;
  for (let left = bytes.readUInt16LE(1); left > 0; left--) {
    const length = bytes.readUInt32LE(at + 32);
    const members = new Uint32Array(length);
    const counts = new Uint32Array(length);
    for (let i = 0, from = at + interestBytes; i < length; i++, from += 8) {
      members[i] = bytes.readUInt32LE(from);
      counts[i] = bytes.readUInt32LE(from + 4);
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
    at += interestBytes + 8 * length;
  }
  return { basis: isOld ? null : bytes.toString('hex', basisAt, headBytes), interests };
}
