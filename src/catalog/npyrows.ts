import { type NpyBlock, npyBlocks, readNpyHeader } from '../files/npy.js';

/** The rows of an .npy file, taken in order, as many at a time as the items file yields. */
export class NpyRows {
  readonly dim: number;
  readonly rows: number;
  private readonly blocks: AsyncGenerator<NpyBlock>;
  private left: Float32Array = new Float32Array(0);

  private constructor(path: string, rows: number, dim: number) {
    this.rows = rows;
    this.dim = dim;
    this.blocks = npyBlocks(path);
  }

  static async open(path: string): Promise<NpyRows> {
    const { rows, dim } = await readNpyHeader(path);
    return new NpyRows(path, rows, dim);
  }

  /** The next `count` rows; `rows` bounds how many there are in all. */
  async take(count: number): Promise<Float32Array> {
    const taken = new Float32Array(count * this.dim);
    for (let filled = 0; filled < taken.length; ) {
      if (this.left.length === 0) {
        const next = await this.blocks.next();
        if (next.done) break;
        this.left = next.value.data;
      }
      const part = this.left.subarray(0, taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.left = this.left.subarray(part.length);
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.blocks.return(undefined);
  }
}
