import type { Catalog } from '../catalog/catalog.js';
import { embedText, type TextDocument } from '../embed/text.js';
import { PinnersageError } from '../errors.js';
import type { JsonValue, Metadata } from '../model/item.js';

export interface EmbedTextOptions {
  /** Metadata fields to read. Default: every field with text in it, addresses aside. */
  readonly fields?: readonly string[];
  /** Dimensions wanted. Default: 128. Fewer come out where the texts do not span as many. */
  readonly dim?: number;
  /** Seed of the random projection. Default: 0. */
  readonly seed?: number;
  /** Name of the space. Default: 'text'. */
  readonly space?: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
}

export interface EmbedReport {
  readonly space: string;
  readonly generation: number;
  readonly items: number;
  /** Items without any usable text; they have no embedding. */
  readonly skipped: number;
  readonly dim: number;
  readonly fields: readonly string[];
}

const defaultDim = 128;
const defaultSpace = 'text';
const fieldSample = 2000;

/** Embeddings for a catalog that has none, from its text and tags: a new generation of a space, switched to whole. */
export async function embedCatalog(catalog: Catalog, options: EmbedTextOptions): Promise<EmbedReport> {
  const fields = options.fields ?? textFields(catalog);
  if (fields.length === 0)
    throw new PinnersageError('column-missing', 'no item has a text field to embed; name one with --fields');
  const name = options.space ?? defaultSpace;
  const dim = options.dim ?? defaultDim;
  const result = embedText(
    () => documents(catalog, fields),
    { dim, seed: options.seed ?? 0 },
    (step) => options.onProgress?.(step.done, step.total ?? step.done),
  );
  if (result.keys.length === 0)
    throw new PinnersageError(
      'column-missing',
      `no item has usable text in ${fields.join(', ')}; see --fields`,
    );
  const wasActive = catalog.spaceTable().active;
  const record = catalog.replaceSpace(name, {
    dim: result.dim,
    normalized: true,
    source: `embedded from ${fields.join(', ')}`,
    items: result.keys,
    vectors: result.vectors,
  });
  if (result.dim < dim)
    options.onNote?.(`the texts span only ${result.dim} dimensions, ${dim} were asked for`);
  if (wasActive !== null && wasActive !== name) options.onNote?.(`space "${wasActive}" stays the active one`);
  const { generation } = record;
  return {
    space: name,
    generation,
    items: result.keys.length,
    skipped: result.skipped,
    dim: result.dim,
    fields,
  };
}

function* documents(catalog: Catalog, fields: readonly string[]): Iterable<TextDocument> {
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

/** Fields that hold text in the first items: neither addresses nor bare numbers and dates. */
function textFields(catalog: Catalog): string[] {
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
