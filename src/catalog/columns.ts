import type { FilterValue } from '../model/filter.js';
import type { ItemKey, Metadata } from '../model/item.js';
import { isValue } from './filter.js';

/** One metadata field of all items, decoded: each distinct value once, and per item the codes of what it holds. */
export interface Column {
  /** The distinct values, by code. */
  readonly values: readonly FilterValue[];
  /** Codes of item k: codes[starts[k]] … codes[starts[k + 1]]. */
  readonly codes: Uint32Array;
  /** One more than there are items. */
  readonly starts: Uint32Array;
  /** Per item: 1 where the field is there and not null, whatever it holds. */
  readonly present: Uint8Array;
}

interface KeyedMetadata {
  readonly key: ItemKey;
  readonly metadata: Metadata;
}

/** Columns of some fields in one pass over the items, which come by rising key. Time O(bytes of metadata). */
export function readColumns(
  items: Iterable<KeyedMetadata>,
  count: number,
  fields: readonly string[],
): Column[] {
  const builders = fields.map((field) => new ColumnBuilder(field, count));
  for (const { key, metadata } of items) for (const builder of builders) builder.add(key, metadata);
  return builders.map((builder) => builder.finish());
}

class ColumnBuilder {
  private readonly field: string;
  private readonly codeOf = new Map<FilterValue, number>();
  private readonly starts: Uint32Array;
  private readonly present: Uint8Array;
  private codes = new Uint32Array(1024);
  private length = 0;
  private next = 0;

  constructor(field: string, count: number) {
    this.field = field;
    this.starts = new Uint32Array(count + 1);
    this.present = new Uint8Array(count);
  }

  add(key: ItemKey, metadata: Metadata): void {
    if (key >= this.present.length || !Object.hasOwn(metadata, this.field)) return;
    const value = metadata[this.field];
    if (value === null) return;
    this.fillTo(key);
    this.present[key] = 1;
    for (const each of Array.isArray(value) ? value : [value]) if (isValue(each)) this.push(each);
  }

  finish(): Column {
    this.fillTo(this.present.length);
    const { starts, present } = this;
    return { values: [...this.codeOf.keys()], codes: this.codes.slice(0, this.length), starts, present };
  }

  /** What was pushed so far ends before `key`. */
  private fillTo(key: ItemKey): void {
    while (this.next <= key) this.starts[this.next++] = this.length;
  }

  private push(value: FilterValue): void {
    let code = this.codeOf.get(value);
    if (code === undefined) {
      code = this.codeOf.size;
      this.codeOf.set(value, code);
    }
    if (this.length === this.codes.length) {
      const grown = new Uint32Array(2 * this.length);
      grown.set(this.codes);
      this.codes = grown;
    }
    this.codes[this.length++] = code;
  }
}
