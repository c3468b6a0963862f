import fc from 'fast-check';
import { expect, test } from 'vitest';
import { badQuote, CsvScanner, guessDelimiter, incomplete, positionMask } from '../../src/files/csvscan.js';

const characters = fc.constantFrom('a', '"', '""', ',', ':', '\r', '\n', 'ü');
const records = fc.array(characters, { maxLength: 12 }).map((parts) => `${parts.join('')}\nnext,"line"\n`);

function fieldsOf(scanner: CsvScanner, bytes: Buffer): string[] {
  return Array.from({ length: scanner.fields }, (_, i) =>
    bytes.toString('utf8', scanner.starts[i] & positionMask, scanner.ends[i]),
  );
}

test('wherever a chunk ends, a record is found whole as in the whole text, or not yet', () => {
  fc.assert(
    fc.property(records, fc.constantFrom(',', '::', ',:,'), (text, delimiter) => {
      const bytes = Buffer.from(text);
      const whole = new CsvScanner(delimiter);
      const end = whole.scan(bytes, 0, true);
      const part = new CsvScanner(delimiter);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const found = part.scan(bytes.subarray(0, cut), 0, false);
        if (found === incomplete) continue;
        expect(found).toBe(end);
        if (found === badQuote) continue;
        expect(fieldsOf(part, bytes)).toEqual(fieldsOf(whole, bytes));
        expect(part.lineBreaks).toBe(whole.lineBreaks);
      }
    }),
    { numRuns: 500 },
  );
});

test('more fields than there was room for', () => {
  const scanner = new CsvScanner(',');
  const bytes = Buffer.from(`${Array.from({ length: 300 }, (_, i) => i).join(',')}\n`);
  expect(scanner.scan(bytes, 0, false)).toBe(bytes.length);
  expect(fieldsOf(scanner, bytes)).toEqual(Array.from({ length: 300 }, (_, i) => String(i)));
});

test('a delimiter inside quotes does not count when it is guessed', () => {
  expect(guessDelimiter(Buffer.from('"a,b,c";d'))).toBe(';');
  expect(guessDelimiter(Buffer.from('alone'))).toBe(',');
});
