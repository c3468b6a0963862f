/** How long a rehearsal may take in all, ms. */
const longestMs = 1_500;

/**
 * Does the parts of some work one by one, requests that wait first, until it is done or has taken long enough. `goesOn` is asked
 * before each.
 */
export async function betweenRequests(
  parts: number,
  part: (index: number) => void,
  goesOn: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let index = 0, spent = 0; index < parts && spent < longestMs; index++) {
    await new Promise(setImmediate);
    if (!(await goesOn())) return;
    const started = performance.now();
    part(index);
    spent += performance.now() - started;
  }
}
