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

/** UTF-8 that is written from front to end, in a buffer that is used again. */
export class Utf8Writer {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(2 * (this.length + more));
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
  }

  text(text: string): void {
    this.reserve(widest * text.length);
    this.length += this.bytes.write(text, this.length);
  }

  /** In a loop: pieces are too short for a call of the runtime to pay. */
  copy(from: Uint8Array, start = 0, length = from.length): void {
    this.reserve(length);
    const { bytes, length: at } = this;
    for (let i = 0; i < length; i++) bytes[at + i] = from[start + i];
    this.length = at + length;
  }

  /** `shownScore(score)` as JSON. */
  score(score: number): void {
    const units = Math.round(score * unit);
    const size = Math.abs(units);
    if (size < largest && (size >= smallest || size === 0)) this.plain(size, units < 0);
    else this.text(JSON.stringify(units / unit));
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

/** Bytes of ids that are kept: those of some millions of items. */
const keptBytes = 64 << 20;

/** Item ids as JSON: the same in all answers. Written when first asked for. */
export class ItemTexts {
  private readonly ids: Pick<IdTable, 'idOf'>;
  private readonly kept = new Utf8Writer();
  /** Of each item two: where its id starts in `kept`, and how long it is; 0 for those that are not there. */
  private places = new Uint32Array(2048);

  constructor(ids: Pick<IdTable, 'idOf'>) {
    this.ids = ids;
  }

  write(item: ItemKey, to: Utf8Writer): void {
    if (!(this.places[2 * item + 1] > 0)) this.keep(item);
    to.copy(this.kept.bytes, this.places[2 * item], this.places[2 * item + 1]);
  }

  /** Has those of items `from … to−1` ready. */
  prepare(from: ItemKey, to: ItemKey): void {
    for (let item = from; item < to; item++) if (!(this.places[2 * item + 1] > 0)) this.keep(item);
  }

  private keep(item: ItemKey): void {
    const { kept } = this;
    if (kept.length >= keptBytes) {
      kept.clear();
      this.places.fill(0);
    }
    if (2 * item >= this.places.length) {
      const more = new Uint32Array(4 * item);
      more.set(this.places);
      this.places = more;
    }
    const start = kept.length;
    kept.text(JSON.stringify(this.ids.idOf(item)));
    this.places[2 * item] = start;
    this.places[2 * item + 1] = kept.length - start;
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
