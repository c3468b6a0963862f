import { parentPort, workerData } from 'node:worker_threads';
import { createUserRun } from './users.js';

/** What a worker of the two-thread measurement is given. */
export interface WorkerTask {
  readonly n: number;
  readonly d: number;
  readonly alpha: number;
  readonly seconds: number;
}

const { n, d, alpha, seconds } = workerData as WorkerTask;
const run = createUserRun([n], d, alpha);
for (let i = 0; i < 50; i++) run();
parentPort?.once('message', () => {
  const until = performance.now() + seconds * 1000;
  let users = 0;
  while (performance.now() < until) {
    run();
    users++;
  }
  parentPort?.postMessage(users);
});
parentPort?.postMessage('ready');
