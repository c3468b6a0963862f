import { Worker } from 'node:worker_threads';
import { ActionLog } from '../../actions/log.js';
import { Catalog } from '../../catalog/catalog.js';
import { lockDirectory, openDirectory } from '../../disk/directory.js';
import { metaCommits } from '../../disk/meta.js';
import { EmbeddedProfileStore } from '../../store/embedded.js';
import type { Engine, EngineOptions } from '../engine.js';
import { checkOptions } from '../optionnames.js';
import { Recommender } from '../recommend.js';
import { Searches } from '../searches.js';
import { Calls } from './calls.js';
import { RecommendationWriter } from './logging.js';
import { AnswerPool } from './pool.js';
import { ServingEngine } from './serving.js';
import { StateKeeper } from './state.js';
import { LiveUsers } from './users.js';
import type { WriterHandlers, WriterThreadData } from './writer-thread.js';

/** Recommendations are kept this long, in days, where the options do not say. */
const recommendationDays = 30;
const queueLimitBytes = 64 * 2 ** 20;

/**
 * Opens a data directory for serving, creating it where there is none: one thread that writes, threads that search and
 * cluster, and the calling thread, which answers.
 * @throws as `open`: `directory-locked`, `directory-newer`, …; `option-invalid` where the active space lacks a threshold.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  checkOptions('openEngine', options);
  const { path, onNote = () => {}, searchThreads = 1 } = options;
  const lock = await lockDirectory(path);
  const commits = metaCommits();
  const workerData: WriterThreadData = { path, metaCommits: commits };
  const thread = new Worker(new URL('./writer-thread.js', import.meta.url), { workerData });
  const writer = new Calls<WriterHandlers>(thread, onNote);
  try {
    await writer.call('ready', null);
  } catch (error) {
    await thread.terminate();
    lock.release();
    throw error;
  }
  const directory = await openDirectory(path, { mode: 'read' });
  const catalog = new Catalog(directory);
  const log = new ActionLog(directory);
  const profiles = (space: string) => new EmbeddedProfileStore(directory, space);
  const pool = new AnswerPool(path, commits, searchThreads, onNote);
  await pool.ready();
  const recommender = new Recommender(directory, catalog, log, profiles, new Searches(directory, onNote));
  const users = new LiveUsers(pool);
  const state = new StateKeeper({ directory, catalog, live: recommender.live, profiles }, pool, users);
  try {
    await state.refresh();
  } catch (error) {
    await pool.close();
    await directory.close();
    await writer.call('close', null);
    lock.release();
    throw error;
  }
  return new ServingEngine({
    lock,
    directory,
    catalog,
    log,
    writer,
    pool,
    recommender,
    state,
    users,
    recommendations: new RecommendationWriter(writer, onNote),
    onNote,
    now: options.now ?? Date.now,
    queueLimitBytes: options.queueLimitBytes ?? queueLimitBytes,
    recommendationDays: options.recommendationDays ?? recommendationDays,
  });
}
