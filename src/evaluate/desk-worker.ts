import { parentPort, workerData } from 'node:worker_threads';
import { Desk, type DeskInput, type Task } from './desk.js';

const port = parentPort;
if (!port) throw new Error('desk-worker runs in a worker thread only');
const desk = await Desk.open(workerData as DeskInput);

port.on('message', async (task: Task) => {
  port.postMessage(desk.do(task));
  if (task.kind !== 'finish') return;
  await desk.close();
  port.close();
});
port.postMessage(null); // ready
