import { PinnersageError } from '../errors.js';

/** First byte of every value of the form written here. */
const jsonVersion = 1;

export function encodeJson(value: unknown): Buffer {
  return Buffer.concat([Buffer.of(jsonVersion), Buffer.from(JSON.stringify(value))]);
}

export function decodeJson<T>(bytes: Buffer): T {
  expectVersion(bytes, jsonVersion, 'value');
  return JSON.parse(bytes.toString('utf8', 1)) as T;
}

/** @throws `directory-newer` or `data-damaged`. */
export function expectVersion(bytes: Buffer, known: number, what: string): void {
  const got = bytes[0];
  if (got === known) return;
  const code = got > known ? 'directory-newer' : 'data-damaged';
  throw new PinnersageError(code, `a stored ${what} has format ${got}, this version reads ${known}`);
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** A u32 as a key: big-endian, so that byte order is number order. */
export function u32Key(value: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(value);
  return key;
}
