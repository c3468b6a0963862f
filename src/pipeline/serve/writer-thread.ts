import { parentPort, workerData } from 'node:worker_threads';
import { ActionLog } from '../../actions/log.js';
import { Catalog } from '../../catalog/catalog.js';
import { openDirectory } from '../../disk/directory.js';
import type { MetaCommits } from '../../disk/meta.js';
import { EmbeddedProfileStore } from '../../store/embedded.js';
import { type PackedRecommendations, unpackRecommendations } from '../../store/recommendations.js';
import type { BatchOptions } from '../batch.js';
import { Searches } from '../searches.js';
import { serveCalls } from './calls.js';
import { Writer } from './writer.js';

export interface WriterThreadData {
  readonly path: string;
  readonly metaCommits: MetaCommits;
}

const port = parentPort;
if (!port) throw new Error('writer-thread runs in a worker thread only');
const { path, metaCommits } = workerData as WriterThreadData;
const onNote = (note: string): void => port.postMessage({ note });
const opening = openDirectory(path, { mode: 'write', locked: true, metaCommits }).then((directory) => ({
  directory,
  writer: new Writer({
    directory,
    catalog: new Catalog(directory),
    log: new ActionLog(directory),
    profiles: (space) => new EmbeddedProfileStore(directory, space),
    searches: new Searches(directory, onNote),
    onNote,
  }),
}));
opening.then(
  ({ writer }) =>
    writer.warm().catch((error: unknown) => onNote(`the log was not warmed up: ${String(error)}`)),
  () => {}, // `ready` answers with it
);

const writing = async (): Promise<Writer> => (await opening).writer;

const handlers = {
  ready: async (_: null): Promise<null> => {
    await opening;
    return null;
  },
  actions: async (json: Uint8Array) => (await writing()).actions(json),
  recommended: async (packed: PackedRecommendations) =>
    (await writing()).recommended(unpackRecommendations(packed)),
  items: async (json: Uint8Array) => (await writing()).items(json),
  deleteItem: async (itemId: string) => (await writing()).deleteItem(itemId),
  erase: async (request: Parameters<Writer['erase']>[0]) => (await writing()).erase(request),
  batch: async (options: BatchOptions) => (await writing()).batch(options),
  expire: async (request: Parameters<Writer['expire']>[0]) => (await writing()).expire(request),
  refreshIndex: async (_: null) => (await writing()).refreshIndex(),
  stop: async (_: null) => (await writing()).stop(),
  close: async (_: null): Promise<null> => {
    await (await opening).directory.close();
    setImmediate(() => port.close());
    return null;
  },
};

export type WriterHandlers = typeof handlers;

serveCalls(port, handlers);
