import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'pinnersage';
import { expect, test } from 'vitest';
import { directoryFormat } from '../../src/disk/directory.js';
import { upgradeDirectory } from '../../src/disk/upgrade.js';
import { tempDir } from '../helpers/temp.js';

const folder = fileURLToPath(new URL('./data', import.meta.url));
const names = readdirSync(folder).filter((name) => name.startsWith('directory-'));
const now = Date.parse('2026-06-30T00:00:00Z');

test('there is a directory of the current format', () => {
  expect(names).toContain(`directory-${directoryFormat}`);
});

test.each(names)('%s is read as it was written, upgraded where it must be', async (name) => {
  const path = join(tempDir(), 'data');
  cpSync(join(folder, name), path, { recursive: true });
  const answers = JSON.parse(readFileSync(join(path, 'answers.json'), 'utf8'));
  expect((await upgradeDirectory(path)).to).toBe(directoryFormat);
  const data = await open(path, { mode: 'read' });
  const found = {
    items: [...data.rows('items')],
    actions: [...data.rows('actions')],
    profiles: [...data.rows('profiles')],
    profilesOfText: [...data.rows('profiles', { space: 'text' })],
    recommendations: [...data.rows('recommendations', { recommend: { count: 4, seed: 1, nowMs: now } })].map(
      ({ user_id, interests, items }) => ({ user_id, interests, items }),
    ),
    user: data.user('ada'),
    settings: data.settings(),
  };
  await data.close();
  // Settings and digests that later versions add are no loss.
  expect(JSON.parse(JSON.stringify(found))).toMatchObject(answers);
});
