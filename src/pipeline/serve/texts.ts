import type { Neighbors } from '../../ann/search.js';
import { viewOf } from '../../disk/codec.js';
import type { IdTable } from '../../disk/ids.js';
import type { ItemKey } from '../../model/item.js';

const firstBytes = 1 << 16;
/** Bytes of UTF-8 to one UTF-16 unit at most. */
const widest = 3;
const [zero, point, minus] = [48, 46, 45];
/** Digits of a score behind the point, and their unit. */
const decimals = 7;
const unit = 10 ** decimals;
/** In units: what is larger has more digits than a double can tell apart, what is smaller is printed with an exponent. */
const [largest, smallest] = [1e15, 10];
const scoreBytes = 24;

/** Longer texts are left to the runtime, whose call takes longer than a loop over fewer characters. */
const shortText = 48;
const ascii = 0x80;

/** Bytes are copied in words of so many: both sides have room for what that is beyond the end. */
const word = 4;
const beyond = word - 1;

/** Some UTF-8 that is copied often. */
export interface Piece {
  readonly view: DataView;
  readonly length: number;
}

export function pieceOf(text: string): Piece {
  const { length } = Buffer.from(text);
  const bytes = Buffer.alloc(length + beyond);
  bytes.write(text);
  return { view: viewOf(bytes), length };
}

/** UTF-8 that is written from front to end, in a buffer that is used again. */
export class Utf8Writer {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  length = 0;
  private view = viewOf(this.bytes);

  clear(): void {
    this.length = 0;
  }

  private reserve(more: number): void {
    if (this.length + more + beyond <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(2 * (this.length + more + beyond));
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
    this.view = viewOf(bigger);
  }

  text(text: string): void {
    this.reserve(widest * text.length);
    if (text.length > shortText || !this.plainText(text)) this.length += this.bytes.write(text, this.length);
  }

  /** Whether it was ASCII, and so is written. */
  private plainText(text: string): boolean {
    const { bytes, length: at } = this;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= ascii) return false;
      bytes[at + i] = unit;
    }
    this.length = at + text.length;
    return true;
  }

  /** What was written, until more is. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  copy({ view, length }: Piece): void {
    this.copyFrom(view, 0, length);
  }

  /** What another has written from `start` on. */
  copyOf(other: Utf8Writer, start: number): void {
    this.copyFrom(other.view, start, other.length - start);
  }

  /** In a loop: pieces are too short for a call of the runtime to pay. */
  copyFrom(from: DataView, start: number, length: number): void {
    this.reserve(length);
    const { view, length: at } = this;
    for (let i = 0; i < length; i += word) view.setUint32(at + i, from.getUint32(start + i, true), true);
    this.length = at + length;
  }

  /** `shownScore(score)` as JSON. */
  score(score: number): void {
    const units = Math.round(score * unit);
    const size = Math.abs(units);
    if (size < largest && (size >= smallest || size === 0)) this.plain(size, units < 0);
    else this.text(JSON.stringify(units / unit));
  }

  /** Takes back the last byte. */
  back(): void {
    this.length--;
  }

  private plain(size: number, isNegative: boolean): void {
    this.reserve(scoreBytes);
    if (isNegative) this.bytes[this.length++] = minus;
    const whole = Math.floor(size / unit);
    this.digits(whole, whole < 10 ? 1 : 1 + Math.floor(Math.log10(whole + 0.5)));
    if (size === whole * unit) return;
    this.bytes[this.length++] = point;
    this.digits(size - whole * unit, decimals);
    while (this.bytes[this.length - 1] === zero) this.length--;
  }

  private digits(value: number, count: number): void {
    let rest = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0;
      this.bytes[at] = zero + rest - 10 * next;
      rest = next;
    }
    this.length += count;
  }
}

/** Texts by number, one behind another in the order in which they came. */
export class KeptTexts {
  private bytes: Uint8Array;
  private view: DataView;
  private length = 0;
  /** Of each two: where it starts, and how long it is; 0 for those that are not there. */
  private places: Uint32Array;

  constructor(places: number, bytes: number) {
    this.places = new Uint32Array(2 * places);
    this.bytes = new Uint8Array(bytes);
    this.view = viewOf(this.bytes);
  }

  /** Whether it was there. */
  copyTo(to: Utf8Writer, number: number): boolean {
    const length = this.places[2 * number + 1];
    if (!(length > 0)) return false; // past the end it is undefined
    to.copyFrom(this.view, this.places[2 * number], length);
    return true;
  }

  /** Keeps what was written from `start` on; returns its bytes. */
  keep(number: number, { bytes, length: end }: Utf8Writer, start: number): number {
    const length = end - start;
    if (2 * number >= this.places.length) {
      const more = new Uint32Array(4 * number);
      more.set(this.places);
      this.places = more;
    }
    if (this.length + length + beyond > this.bytes.length) {
      const more = new Uint8Array(2 * (this.length + length + beyond));
      more.set(this.bytes.subarray(0, this.length));
      this.bytes = more;
      this.view = viewOf(more);
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.places[2 * number] = this.length;
    this.places[2 * number + 1] = length;
    this.length += length;
    return length;
  }
}

/** Bytes of ids that are kept: those of some millions of items. */
const idBytes = 64 << 20;

/** Item ids as JSON: the same in all answers. Written when first asked for. */
export class ItemTexts {
  private readonly ids: Pick<IdTable, 'idOf'>;
  private kept = new KeptTexts(1024, firstBytes);
  private keptBytes = 0;

  constructor(ids: Pick<IdTable, 'idOf'>) {
    this.ids = ids;
  }

  write(item: ItemKey, to: Utf8Writer): void {
    if (this.kept.copyTo(to, item)) return;
    if (this.keptBytes >= idBytes) {
      this.kept = new KeptTexts(1024, firstBytes);
      this.keptBytes = 0;
    }
    const start = to.length;
    to.text(JSON.stringify(this.ids.idOf(item)));
    this.keptBytes += this.kept.keep(item, to, start);
  }
}

/** Bytes of candidates that are kept, twice as many at most. */
const candidateBytes = 32 << 20;
/** As a list begins; it grows to what is asked for of it. */
const listBytes = 2048;

/**
 * The JSON of neighbours up to the interest they are recommended for: the same for all users. Kept by list; who asks holds
 * the list, which does not change. Side by side they are read faster than ids from all over the catalog.
 */
export class ListTexts {
  private recent = new Map<Neighbors, KeptTexts>();
  private older = new Map<Neighbors, KeptTexts>();
  private keptBytes = 0;

  /** Of one list. They may be read and added to as long as one answer is written. */
  of(list: Neighbors): KeptTexts {
    return this.recent.get(list) ?? this.take(list);
  }

  /** Keeps what was written from `start` on among the `texts` of a list. */
  keep(texts: KeptTexts, place: number, from: Utf8Writer, start: number): void {
    this.keptBytes += texts.keep(place, from, start);
  }

  private take(list: Neighbors): KeptTexts {
    const texts = this.older.get(list) ?? new KeptTexts(list.rows.length, listBytes);
    if (this.keptBytes >= candidateBytes) {
      [this.older, this.recent] = [this.recent, new Map()];
      this.keptBytes = 0;
    }
    this.recent.set(list, texts);
    return texts;
  }
}

const slabBytes = 1 << 18;

/** Room for bytes that stay, in buffers that many share: one for each would take longer to make than to fill. */
export class Slab {
  private bytes = Buffer.alloc(0);
  private at = 0;

  room(bytes: number): Uint8Array {
    if (this.at + bytes > this.bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes));
      this.at = 0;
    }
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }
}
