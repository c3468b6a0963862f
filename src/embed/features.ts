import { type CsrMatrix, createCsrBuilder } from '../math/sparse.js';
import type { TextDocument, TextEmbeddingOptions } from './text.js';
import { looksLikeTags, tagsOf, wordsOf } from './tokens.js';

/** `tags` gives every tag as a whole and its words, `text` gives words. */
export type FieldKind = 'tags' | 'text';

export type FieldKinds = ReadonlyMap<string, FieldKind>;

/** A field's weight by its kind; chosen on two real sets by the rank of held-out items. */
const defaultWeight: Readonly<Record<FieldKind, number>> = { tags: 1.5, text: 1 };

/** Documents that decide how a field is read. */
const sampleSize = 1000;

/** Reads the first documents and decides for every field whether it holds tags or running text. */
export function detectFieldKinds(documents: Iterable<TextDocument>): FieldKinds {
  const strings = new Map<string, string[]>();
  const lists = new Set<string>();
  let seen = 0;
  for (const { fields } of documents) {
    for (const [field, value] of Object.entries(fields)) {
      const values = strings.get(field) ?? [];
      strings.set(field, values);
      if (typeof value !== 'string') lists.add(field);
      else if (value.trim() !== '') values.push(value);
    }
    if (++seen === sampleSize) break;
  }
  const kindOf = ([field, values]: [string, string[]]): [string, FieldKind] => [
    field,
    lists.has(field) || looksLikeTags(values) ? 'tags' : 'text',
  ];
  return new Map([...strings].map(kindOf));
}

export interface Vocabulary {
  readonly documents: number;
  readonly size: number;
  readonly columns: ReadonlyMap<string, number>;
  /** Inverse document frequency by column. */
  readonly idf: Float64Array;
}

/** Distinct features held while counting, as a multiple of `maxFeatures`, before the rarest are let go. */
const countingRoom = 20;

/**
 * Counts in how many documents each feature occurs and keeps the most frequent.
 * Convention: idf = ln(1 + (n − df + ½)/(df + ½)), Robertson and Spärck Jones's, smoothed to stay positive; columns by
 * falling frequency, ties by the feature's code units. Memory: `countingRoom · maxFeatures` strings; beyond that the
 * rarest so far are dropped (lossy counting), which can lose only features that are rare among many documents.
 */
export function countFeatures(
  documents: Iterable<TextDocument>,
  kinds: FieldKinds,
  options: TextEmbeddingOptions,
  onDocument: (done: number) => void,
): Vocabulary {
  const maxFeatures = options.maxFeatures ?? 50_000;
  const frequency = new Map<string, number>();
  let n = 0;
  for (const { fields } of documents) {
    const present = new Set<string>();
    for (const [field, value] of Object.entries(fields)) {
      const kind = kindOf(field, kinds);
      if (weightOf(field, kind, options) === 0) continue;
      for (const feature of featuresOf(value, kind).keys()) present.add(feature);
    }
    for (const feature of present) frequency.set(feature, (frequency.get(feature) ?? 0) + 1);
    if (frequency.size > countingRoom * maxFeatures) dropRarest(frequency, countingRoom * maxFeatures);
    onDocument(++n);
  }
  const least = options.minDocumentFrequency ?? (n < 1000 ? 1 : 2);
  const kept = [...frequency]
    .filter(([, count]) => count >= least)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, maxFeatures);
  return {
    documents: n,
    size: kept.length,
    columns: new Map(kept.map(([feature], column) => [feature, column])),
    idf: Float64Array.from(kept, ([, count]) => Math.log(1 + (n - count + 0.5) / (count + 0.5))),
  };
}

/** Removes all features of frequency 1, then 2, … until at most half the room is taken. */
function dropRarest(frequency: Map<string, number>, room: number): void {
  for (let least = 1; frequency.size > room / 2; least++) {
    for (const [feature, count] of frequency) if (count <= least) frequency.delete(feature);
  }
}

export interface WeighedDocuments {
  /** Documents with at least one feature × vocabulary; every row of length 1. */
  readonly matrix: CsrMatrix;
  /** Item key per row. */
  readonly keys: Uint32Array;
}

/** The documents as rows: Σ over fields of weight · (1 + ln count) · idf, scaled to length 1. */
export function weighFeatures(
  documents: Iterable<TextDocument>,
  kinds: FieldKinds,
  vocabulary: Vocabulary,
  options: TextEmbeddingOptions,
  onDocument: (done: number) => void,
): WeighedDocuments {
  const keys = new Uint32Array(vocabulary.documents);
  const builder = createCsrBuilder(vocabulary.size);
  let rows = 0;
  let seen = 0;
  for (const { key, fields } of documents) {
    const row = weighDocument(fields, kinds, vocabulary, options);
    if (row.size > 0) {
      builder.addUnitRow(row);
      keys[rows++] = key;
    }
    onDocument(++seen);
  }
  return { keys: keys.slice(0, rows), matrix: builder.finish() };
}

function weighDocument(
  fields: TextDocument['fields'],
  kinds: FieldKinds,
  vocabulary: Vocabulary,
  options: TextEmbeddingOptions,
): Map<number, number> {
  const row = new Map<number, number>();
  for (const [field, value] of Object.entries(fields)) {
    const kind = kindOf(field, kinds);
    const weight = weightOf(field, kind, options);
    if (weight === 0) continue;
    for (const [feature, count] of featuresOf(value, kind)) {
      const column = vocabulary.columns.get(feature);
      if (column === undefined) continue;
      const share = weight * (1 + Math.log(count)) * vocabulary.idf[column];
      row.set(column, (row.get(column) ?? 0) + share);
    }
  }
  return row;
}

const kindOf = (field: string, kinds: FieldKinds): FieldKind => kinds.get(field) ?? 'text';

function weightOf(field: string, kind: FieldKind, options: TextEmbeddingOptions): number {
  return options.fieldWeights?.[field] ?? defaultWeight[kind];
}

/** Feature → occurrences. Whole tags start with '#', which no word does. */
function featuresOf(value: string | readonly string[], kind: FieldKind): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (feature: string): void => {
    counts.set(feature, (counts.get(feature) ?? 0) + 1);
  };
  if (kind === 'tags') {
    for (const tag of tagsOf(value)) {
      add(`#${tag}`);
      for (const word of wordsOf(tag)) add(word);
    }
  } else {
    for (const text of typeof value === 'string' ? [value] : value)
      for (const word of wordsOf(text)) add(word);
  }
  return counts;
}
