import { expect, test } from 'vitest';
import { looksLikeTags, tagsOf, wordsOf } from '../../src/embed/tokens.js';

test.each([
  ['Don’t PANIC, 2 times!', ['dont', 'panic', '2', 'times']],
  ['L’été à Ünïcode', ['lété', 'à', 'ünïcode']],
  ['ｆｕｌｌ width ﬁne', ['full', 'width', 'fine']],
  ['हिन्दी', ['हिन्दी']],
  ['東京タワー', ['東京', '京タ', 'タワ', 'ワー']],
  ['犬 abc漢字', ['犬', 'abc', '漢字']],
  ['😀 --- …', []],
  ['', []],
])('words of %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('tags are split at commas, semicolons and bars, and normalised', () => {
  expect(tagsOf('Cave  Crawl, sci-fi|🎃;--; ,ＡＢ')).toEqual(['cave crawl', 'sci-fi', '🎃', 'ab']);
  expect(tagsOf(['One, two', ' '])).toEqual(['one, two']);
});

test('a field reads as tags when separators are usual and parts short', () => {
  expect(looksLikeTags(['Crime|Drama', 'Comedy', 'Comedy|Short'])).toBe(true);
  expect(looksLikeTags(['horror, female protagonist', 'parser, cave crawl'])).toBe(true);
  expect(looksLikeTags(['The Good, the Bad', 'Zork', 'Anchorhead', 'Photopia'])).toBe(false);
  expect(
    looksLikeTags(['You wake, as so often before, in a cellar that is cold and dark and far away.']),
  ).toBe(false);
  expect(looksLikeTags([])).toBe(false);
});
