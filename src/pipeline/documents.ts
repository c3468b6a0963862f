import type { Catalog } from '../catalog/catalog.js';
import type { TextDocument } from '../embed/text.js';
import { parseIso } from '../files/iso.js';
import type { JsonValue, Metadata } from '../model/item.js';

const fieldSample = 2000;

/** Items as documents of the named metadata fields. */
export function* documentsOf(catalog: Catalog, fields: readonly string[]): Iterable<TextDocument> {
  for (const { key, metadata } of catalog.items()) yield { key, fields: pickText(metadata, fields) };
}

function pickText(metadata: Metadata, fields: readonly string[]): Record<string, string | string[]> {
  const picked: Record<string, string | string[]> = {};
  for (const field of fields) {
    const text = textOf(metadata[field]);
    if (text !== null) picked[field] = text;
  }
  return picked;
}

function textOf(value: JsonValue | undefined): string | string[] | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value as string[];
  return null;
}

/** Metadata field that says when an item's text and tags were last changed: ISO 8601, or epoch milliseconds. */
const textDateField = 'as_of';

/** The newest of those dates over all items, epoch ms; null where no item has one. Unreadable ones count as none. */
export function newestText(catalog: Catalog): number | null {
  let newest: number | null = null;
  for (const { metadata } of catalog.items()) {
    const date = metadata[textDateField];
    const ms = typeof date === 'string' ? parseIso(date) : typeof date === 'number' ? date : Number.NaN;
    if (Number.isFinite(ms)) newest = Math.max(newest ?? ms, ms);
  }
  return newest;
}

/** Fields that hold text in the first items: neither addresses nor bare numbers and dates. */
export function textFieldsOf(catalog: Catalog): string[] {
  const fields = new Set<string>();
  let seen = 0;
  for (const { metadata } of catalog.items()) {
    for (const [field, value] of Object.entries(metadata)) {
      const text = textOf(value);
      const sample = Array.isArray(text) ? text.join(' ') : text;
      if (sample && /\p{L}{2}/u.test(sample) && !/^(https?:|data:|\/)/.test(sample)) fields.add(field);
    }
    if (++seen === fieldSample) break;
  }
  return [...fields].sort();
}
