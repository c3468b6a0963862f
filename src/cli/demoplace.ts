import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PinnersageError } from '../errors.js';
import { dayMs } from '../model/action.js';
import { note } from './output.js';
import { withData } from './session.js';

/** What `demo.json` in the directory says of the world there, written before there is any of it. */
interface Place {
  readonly seed: number;
  readonly endMs: number;
}

/** An older world is built anew: what one does now would lie outside the 90 days of everything else. */
const oldestDays = 21;

/**
 * When the world of a directory ends, epoch ms: the last midnight (UTC) when it was built. Makes room for a new one where
 * there is none, another or an old one.
 * @throws `option-invalid` where the directory holds other data, which are left alone.
 */
export async function claimWorld(path: string, seed: number, nowMs: number): Promise<number> {
  const place = readPlace(path);
  if (place?.seed === seed && nowMs - place.endMs < oldestDays * dayMs) return place.endMs;
  if (place) {
    note(
      `building the world in ${path} anew: it ${place.seed === seed ? 'has become old' : 'has another seed'}`,
    );
    await withData(path, 'write', () => {}); // refused while a server holds it
    rmSync(path, { recursive: true });
  }
  const endMs = Math.floor(nowMs / dayMs) * dayMs;
  await withData(path, 'create', (data) => {
    const { items, users } = data.describe();
    if (items + users > 0)
      throw new PinnersageError(
        'option-invalid',
        `--data: ${path} holds data that are no demo world; name another directory`,
      );
    writeFileSync(join(path, 'demo.json'), `${JSON.stringify({ seed, endMs } satisfies Place)}\n`);
  });
  return endMs;
}

function readPlace(path: string): Place | null {
  const file = join(path, 'demo.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Place) : null;
}
