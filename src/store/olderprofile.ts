import type { Interest } from '../model/profile.js';
import type { StoredProfile } from './codec.js';

/**
 * What older versions stored of a user. Version 3: version u8, 3 zero bytes, interests u32, basis 8 bytes, weighedAt f64,
 * changesAt f64, what was left out 5 u32, then each interest: id 8 bytes, medoid u32, size u32, importance f64, lastActionAt
 * f64, members u32, then per member: item u32, count u32, weight f32. Version 2: version u8, interests u16, basis,
 * interests, members without weight. Version 1 was that without basis. Little-endian.
 */
export function decodeOlderProfile(bytes: Buffer): StoredProfile {
  if (bytes[0] === 3) return decodeThird(bytes);
  const hasBasis = bytes[0] !== 1;
  return {
    basis: hasBasis ? bytes.toString('hex', 3, 11) : null,
    weighedAt: null,
    changesAt: Number.NEGATIVE_INFINITY,
    leftOut: { role: 0, afterAsOf: 0, outsideWindow: 0, unembedded: 0, truncated: 0 },
    ...decodeInterests(bytes, hasBasis ? 11 : 3, bytes.readUInt16LE(1), 8),
  };
}

function decodeThird(bytes: Buffer): StoredProfile {
  const [role, afterAsOf, outsideWindow, unembedded, truncated] = [32, 36, 40, 44, 48].map((at) =>
    bytes.readUInt32LE(at),
  );
  return {
    basis: bytes.toString('hex', 8, 16),
    weighedAt: bytes.readDoubleLE(16),
    changesAt: bytes.readDoubleLE(24),
    leftOut: { role, afterAsOf, outsideWindow, unembedded, truncated },
    ...decodeInterests(bytes, 52, bytes.readUInt32LE(4), 12),
  };
}

const interestBytes = 36;

/** `stride`: bytes per member; there is a weight where there is room for one. */
function decodeInterests(
  bytes: Buffer,
  from: number,
  count: number,
  stride: 8 | 12,
): Pick<StoredProfile, 'interests' | 'weights'> {
  const interests: Interest[] = [];
  const weights: Float32Array[] = [];
  for (let at = from; interests.length < count; ) {
    const length = bytes.readUInt32LE(at + 32);
    const members = new Uint32Array(length);
    const counts = new Uint32Array(length);
    const parts = new Float32Array(stride === 12 ? length : 0);
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
