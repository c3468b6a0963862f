import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The child process that times the Python rivals (rivals.py). */
export interface PythonRivals {
  readonly names: readonly string[];
  readonly versions: { readonly [name: string]: string };
  /** Float32 rows from a file, for the calls that follow. */
  load(file: string, n: number, d: number): Promise<void>;
  /** Milliseconds per call. */
  time(name: string, calls: number): Promise<number>;
  close(): void;
}

interface Hello {
  readonly names: readonly string[];
  readonly versions: { readonly [name: string]: string };
}

/** Starts Python, or gives the reason why there are no Python rivals. */
export async function startPython(command: string): Promise<PythonRivals | string> {
  const script = fileURLToPath(new URL('rivals.py', import.meta.url));
  const child = spawn(command, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const failure = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${command} could not be started: ${error.message}`));
    child.once('exit', (code) => resolve(`${command} ended with exit code ${code}`));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(await failure);
    return JSON.parse(value as string);
  };
  const first = await Promise.race([answer().catch(() => failure), failure]);
  if (typeof first === 'string') return first;
  const ask = (question: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return answer();
  };
  return {
    ...(first as Hello),
    load: async (file, n, d) => void (await ask({ op: 'load', file, n, d })),
    time: async (name, calls) => ((await ask({ op: 'time', name, calls })) as { ms: number }).ms,
    close: () => child.stdin.end(),
  };
}
