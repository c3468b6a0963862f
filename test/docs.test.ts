import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { errorTable } from '../src/errors.js';
import { defaultProfileOptions } from '../src/profile/options.js';
import { tempDir } from './helpers/temp.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)];

function sectionOf(page: string, heading: string): string {
  const sections = read(page).split(/^## /m);
  return sections.find((text) => text.startsWith(heading)) ?? '';
}

/** Cells of the table rows under a heading. */
function tableRows(page: string, heading: string): string[][] {
  return sectionOf(page, heading)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

const named = (cell: string): string => /`([^`]+)`/.exec(cell)?.[1] ?? '';

/** `100,000 pairs`, `100_000`, `5 * 60_000` and `2 ** -20` as numbers; NaN for words. */
function numberIn(text: string): number {
  const plain = text.replace(/(?<=\d)[_,](?=\d)/g, '').replace('^', ' ** ');
  const [, base, power] = /^([\d.]+) \*\* (-?\d+)/.exec(plain) ?? [];
  if (base !== undefined) return Number(base) ** Number(power);
  const product = /^[\d.e-]+(?: \* [\d.e-]+)*/.exec(plain)?.[0] ?? 'none';
  return product.split(' * ').reduce((result, factor) => result * Number(factor), 1);
}

/** What `name` is set to in a source file: `name = value`, `name: value` or `name ?? value`; '' where nowhere. */
function literalOf(name: string, file: string): string {
  return new RegExp(`\\b${name}(?:: \\w+)?(?: =|:| \\?\\?) (\\d[^;,)}\\n]*)`).exec(read(file))?.[1] ?? '';
}

/** Symbol, option or constant, default, source, file, mark. */
const parameters = tableRows('docs/algorithm.md', 'Every parameter')
  .filter((row) => named(row[1]) !== '')
  .map((row) => ({ name: named(row[1]), value: row[2], file: named(row[4]), mark: row[5] }));

test('every option of a profile is in the table of docs/algorithm.md with its default', () => {
  for (const [name, value] of Object.entries(defaultProfileOptions)) {
    const row = parameters.find((parameter) => parameter.name === name);
    expect(row, `a row for ${name}`).toBeDefined();
    expect(typeof value === 'number' ? numberIn(row!.value) : row!.value, name).toBe(value);
  }
});

test('every parameter of docs/algorithm.md is in the file it names, with the value it names', () => {
  expect(parameters.length).toBeGreaterThan(20);
  for (const { name, value, file, mark } of parameters) {
    expect(read(file), file).toMatch(new RegExp(`\\b${name}\\b`));
    expect(mark, name).toMatch(/^(paper|our choice|derived)/);
    const isNumber = /^\d[\d.,^e-]*(?: [a-z]+)*$/.test(value); // 2,000 items, 1e-6 relative; else a rule in words
    if (isNumber) expect(numberIn(value), `${name} in ${file}`).toBe(numberIn(literalOf(name, file)));
  }
});

test('every error of src/errors.ts is in docs/design.md with its status and exit code', () => {
  const rows = tableRows('docs/design.md', 'Errors').filter((row) => named(row[0]) !== '');
  const written = rows.map(([code, title, status, exit]) => [named(code), title, status, exit]);
  expect(written).toEqual(
    Object.entries(errorTable).map(([code, { title, status, exit }]) => [
      code,
      title,
      `${status}`,
      `${exit}`,
    ]),
  );
});

test('the rooms of docs/design.md are those of test/layers.test.ts, with the same imports', () => {
  const source = /const mayImport[^=]*= \{(.*?)\n\};/s.exec(read('test/layers.test.ts'))?.[1] ?? '';
  const entries = [...source.matchAll(/^ {2}'?([\w.]+)'?: (?:'(anything)'|\[([^\]]*)\])/gm)];
  const enforced = entries.map(([, room, anything, list]) => [
    room,
    anything ?? [...list.matchAll(/'([\w.]+)'/g)].map(([, name]) => name).join(', '),
  ]);
  const written = tableRows('docs/design.md', 'Rooms')
    .filter((row) => named(row[0]) !== '')
    .map(([room, imports]) => [named(room), imports === '-' ? '' : imports]);
  expect(enforced.length).toBeGreaterThan(15);
  expect(written.sort()).toEqual(enforced.sort());
});

test('the commands and flags of docs/design.md are those of src/cli', () => {
  const sources = readdirSync(join(root, 'src/cli')).map((name) => read(`src/cli/${name}`));
  const code = sources.join('\n');
  const text = sectionOf('docs/design.md', 'Data files') + sectionOf('docs/design.md', 'Commands');
  const commands = [...code.matchAll(/new Command\('(\w+)'\)|\.command\('(\w+)'/g)].map(([, a, b]) => a ?? b);
  const flags = [...code.matchAll(/(?<=')--[a-z][a-z-]*/g)].map(([flag]) => flag);
  expect(commands.filter((name) => name !== 'pinnersage' && !new RegExp(`\\b${name}\\b`).test(text))).toEqual(
    [],
  );
  const inCode = new Set(flags);
  const inText = new Set(text.match(/--[a-z][a-z-]*/g));
  inCode.delete('--help'); // commander's own, named in messages
  expect([...inText].sort()).toEqual([...inCode].sort());
});

test.each(pages)('every relative link and path of %s exists', (page) => {
  const text = read(page);
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) =>
    join(dirname(page), link),
  );
  const paths = text.match(/(?<![\w./-])(?:src|test|docs|scripts|examples|kernels|\.ci)\/[\w./-]*\w/g) ?? [];
  expect([...links, ...paths].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(pages)('every anchor of %s is a heading', (page) => {
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-');
  for (const [, target, anchor] of read(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g)) {
    const headings = read(target === '' ? page : join(dirname(page), target)).matchAll(/^#+ (.*)$/gm);
    expect([...headings].map(([, heading]) => slug(heading))).toContain(anchor);
  }
});

test('the library as README.md shows it, in a project that has the package installed, prints what it says', () => {
  const [code] = [...read('README.md').matchAll(/^```js\n(.*?)^```/gms)].map(([, text]) => text);
  const project = tempDir();
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules/pinnersage'));
  writeFileSync(join(project, 'ada.mjs'), code);
  const printed = execFileSync(process.execPath, ['ada.mjs'], { cwd: project, encoding: 'utf8' });
  expect(printed).toMatch(/'lampshade',[^}]*because: \[ 'lamp' \]/);
  expect(printed).toMatch(/'baguette',[^}]*because: \[ 'bread' \]/);
});
