/** Places in a memory from `start` on, one after the other, each at a multiple of 64: a line of the cache. */
export class Places {
  end: number;

  constructor(start: number) {
    this.end = lines(start);
  }

  readonly take = (bytes: number): number => {
    const start = this.end;
    this.end += lines(bytes);
    return start;
  };
}

const lines = (bytes: number): number => 64 * Math.ceil(bytes / 64);
