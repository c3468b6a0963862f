import { ActionLog } from '../actions/log.js';
import { Catalog } from '../catalog/catalog.js';
import { openDirectory } from '../disk/directory.js';
import { Recommender } from '../pipeline/recommend.js';
import { Searches } from '../pipeline/searches.js';
import { NeighborCache } from '../retrieve/cache.js';
import { EmbeddedProfileStore } from '../store/embedded.js';

/**
 * Times recommendations beside the bare searches that they make: `ratio` is the time of all requests over that of their
 * searches alone, none of which a cache has answered.
 */
export async function timeRequests(
  path: string,
  options: { readonly users: number; readonly requests: number; readonly nowMs: number },
): Promise<{ readonly [name: string]: number }> {
  const { users, requests, nowMs } = options;
  const directory = await openDirectory(path, { mode: 'read' });
  const catalog = new Catalog(directory);
  const log = new ActionLog(directory);
  const searches = new Searches(directory, (note) => {
    throw new Error(note);
  });
  const profiles = (space: string) => new EmbeddedProfileStore(directory, space);
  const recommender = new Recommender(directory, catalog, log, profiles, searches);
  // What `Recommender.recommend` does, with nothing remembered: every search of a request is made.
  const ask = (user: number, seed: number): void => {
    const state = recommender.state(catalog.load());
    const request = recommender.prepare(`u${user}`, { count: 100, seed, nowMs }, state.basis);
    const live = recommender.live.of(log.users.find(request.userId), state.space, nowMs, state.basis);
    recommender.present(recommender.answer(state, request, live, null, new NeighborCache()));
  };
  const first = performance.now();
  ask(0, 0);
  const loadSeconds = (performance.now() - first) / 1000;
  for (let user = 1; user <= warmUp; user++) ask(user, user);
  const { count: countBefore, ms: msBefore } = searches.tally;
  const times = new Float64Array(requests);
  for (let request = 0; request < requests; request++) {
    const started = performance.now();
    ask(Math.floor((request * users) / requests), request);
    times[request] = performance.now() - started;
  }
  await directory.close();
  const [count, ms] = [searches.tally.count - countBefore, searches.tally.ms - msBefore];
  const total = times.reduce((sum, ms) => sum + ms);
  times.sort();
  const at = (p: number): number => times[Math.min(requests - 1, Math.floor(p * requests))];
  return {
    loadSeconds,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    perSecond: (1000 * requests) / total,
    searchMs: ms / requests,
    searches: count / requests,
    ratio: total / ms,
  };
}

/** Requests before the first that counts: code is compiled, pages of the index are in memory. */
const warmUp = 200;
