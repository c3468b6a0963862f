import { createHmac, randomBytes } from 'node:crypto';
import { expectVersion } from '../disk/codec.js';
import type { Directory } from '../disk/directory.js';

const version = 1;
const keyBytes = 16;

/**
 * Who was erased, without saying who: a keyed hash of the user id, and the instant. Actions up to that instant are
 * refused from then on, so that importing an old file does not bring a user back; later ones are a new start.
 *
 * Table `erased`. Key: the first 16 bytes of HMAC-SHA-256 of the id under a random key of this directory (`erasureKey` in
 * `meta`). Value: version u8, instant f64 (epoch ms), little-endian.
 */
export class Erased {
  private readonly directory: Directory;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** Epoch ms, or null where no such user was erased. */
  at(userId: string): number | null {
    const secret = this.secret();
    const bytes = secret && this.directory.tables.erased?.get(hashOf(secret, userId));
    if (!bytes) return null;
    expectVersion(bytes, version, 'erasure');
    return bytes.readDoubleLE(1);
  }

  /** `at` for many users, or null where nobody was erased yet: most directories, where asking costs nothing. */
  lookup(): ((userId: string) => number | null) | null {
    if (!this.secret()) return null;
    const known = new Map<string, number | null>();
    return (userId) => {
      const kept = known.get(userId);
      if (kept !== undefined) return kept;
      if (known.size >= remembered) known.clear();
      const at = this.at(userId);
      known.set(userId, at);
      return at;
    };
  }

  /** Call inside `Directory.write`. */
  add(userId: string, atMs: number): void {
    let secret = this.secret();
    if (!secret) {
      secret = randomBytes(32);
      this.directory.writeMeta('erasureKey', secret.toString('hex'));
    }
    const value = Buffer.alloc(9);
    value[0] = version;
    value.writeDoubleLE(atMs, 1);
    this.directory.tables.erased?.putSync(hashOf(secret, userId), value);
  }

  private secret(): Buffer | null {
    const hex = this.directory.readMeta<string>('erasureKey');
    return hex === null ? null : Buffer.from(hex, 'hex');
  }
}

const remembered = 100_000;

function hashOf(secret: Buffer, userId: string): Buffer {
  return createHmac('sha256', secret).update(userId).digest().subarray(0, keyBytes);
}
