import { parentPort, workerData } from 'node:worker_threads';
import { openDirectory } from '../disk/directory.js';
import { Desk, type DeskInput, type Task } from './desk.js';

const port = parentPort;
if (!port) throw new Error('desk-worker runs in a worker thread only');
const input = workerData as DeskInput;
const directory = await openDirectory(input.path, { mode: 'read' });
const desk = await Desk.open(input, directory);

port.on('message', async (task: Task | null) => {
  if (task !== null) return port.postMessage(desk.do(task));
  await directory.close();
  port.close();
});
port.postMessage(null); // ready
