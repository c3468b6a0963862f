/** So many at most go on together: those who wait for the first are not kept waiting for the last. */
const together = 5;

/**
 * Lets what has come in one turn of the event loop go on together, each step of all before the next step of any: answers
 * that are sent one after the other wake the one who waits for them once, and the code of one step stays in the caches of
 * the processor. Who is alone goes on at once when nothing else has come.
 */
export class Turn {
  private current: Promise<void> | null = null;
  private go: () => void = () => {};
  private count = 0;

  wait(): Promise<void> {
    this.current ??= this.begin();
    const { current } = this;
    this.count++;
    if (this.count === together) this.end();
    return current;
  }

  private begin(): Promise<void> {
    const turn = new Promise<void>((resolve) => {
      this.go = resolve;
    });
    setImmediate(() => {
      if (this.current === turn) this.end();
    });
    return turn;
  }

  private end(): void {
    this.current = null;
    this.count = 0;
    this.go();
  }
}
