import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A folder that is gone when the test is over. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A folder for the tests of a file, gone after the last of them. */
export function sharedTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
