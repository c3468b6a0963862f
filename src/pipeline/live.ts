import { type ActionLog, scanMemory } from '../actions/log.js';
import type { LoadedSpace } from '../catalog/space.js';
import { type Clusterer, createClusterer } from '../cluster/clusterer.js';
import type { Directory } from '../disk/directory.js';
import type { IdTable } from '../disk/ids.js';
import { hashHex } from '../math/hash.js';
import { createGather, type Gather } from '../math/vectors.js';
import type { ActionType, UserLog } from '../model/action.js';
import { hasVector, type ItemKey, type SpaceInfo, type UserKey, vectorOf } from '../model/item.js';
import type { Interest, InterestSource, LeftOut, Profile } from '../model/profile.js';
import { InferScratch, inferWith } from '../profile/infer.js';
import { configHash, type ProfileOptions, resolveOptions } from '../profile/options.js';
import { type CollectOptions, collectPoints, newestTime, type Points } from '../profile/points.js';
import { decayTo } from '../profile/sample.js';
import { actionsSince, interestMeans, overlayProfile, planOnline } from '../profile/update.js';
import type { Generation, ProfileStore } from '../store/profiles.js';
import { IdOrder } from './idorder.js';
import { alphaOf, configured, declaredTypes, readSettings, type ShapingOptions } from './settings.js';

/** What is known of a user now. */
export interface LiveUser {
  /** By falling importance, as of `asOf`. */
  readonly interests: readonly Interest[];
  readonly source: InterestSource;
  /** Epoch ms: the later of the batch and the user's newest action that is in. */
  readonly asOf: number;
  /** Newest action that is in. */
  readonly maxSeq: number;
  /** Whether the last batch had interests of this user. */
  readonly isPublished: boolean;
  /** Items the user ever acted on with interest or excluded; having been shown one does not bar it. */
  readonly barred: ReadonlySet<ItemKey>;
  /** Of these, the excluded ones. */
  readonly excluded: ReadonlySet<ItemKey>;
  /** How many such actions the log has, and the newest of them, in or not: together they name what it says. */
  readonly acted: { readonly actions: number; readonly maxSeq: number };
}

/** What the profiles of a space go by: the options of its last batch, or those that the first one will have. */
export interface LiveBasis {
  readonly space: Pick<SpaceInfo, 'name' | 'calibration'>;
  readonly generation: Generation | null;
  readonly options: ProfileOptions;
  readonly configHash: string;
  /** By their codes in the log. */
  readonly types: readonly ActionType[];
  /** A digest of all this. */
  readonly digest: string;
}

/**
 * What: a user's interests as of now, from the last batch and the actions since: the online half of the method.
 * Source: algorithm.md §5.
 * Convention: with no new interest action the stored profile; else, as `planOnline` says, all of the window clustered
 * again under the options of the batch, or the overlay. The instant they are for is that of the newest such action (at
 * least the batch's asOf, at most `nowMs`), so that an exact answer is what a batch at that instant would write. Before
 * the first batch every action is new. Nothing is stored.
 * Time: a scan of the user's log, and the clustering where something is new.
 * Checked by: test/pipeline/live.test.ts.
 */
export class LiveProfiles {
  private readonly directory: Directory;
  private readonly log: ActionLog;
  private readonly profiles: (space: string) => ProfileStore;
  private readonly order: IdOrder;
  private readonly scratch = new InferScratch();
  private readonly memory = scanMemory();
  private tools: Tools | null = null;
  /** What the last basis was made of: stored values that are the same objects while they are the same. */
  private kept: { readonly sources: readonly unknown[]; readonly basis: LiveBasis } | null = null;

  constructor(
    directory: Directory,
    items: IdTable,
    log: ActionLog,
    profiles: (space: string) => ProfileStore,
  ) {
    this.directory = directory;
    this.log = log;
    this.profiles = profiles;
    this.order = new IdOrder(items);
  }

  /** The same object as long as it says the same. */
  basis(space: LoadedSpace): LiveBasis {
    const generation = this.profiles(space.info.name).current();
    const published = generation?.options as ShapingOptions | undefined;
    const alpha = published?.alpha ?? alphaOf(space).value;
    const sources = [space.info, generation, alpha, configured(this.directory), this.log.types.list()];
    if (this.kept && sources.every((source, i) => source === this.kept?.sources[i])) return this.kept.basis;
    const options = resolveOptions({ alpha, ...readSettings(this.directory, space.info), ...published });
    const hash = generation?.configHash ?? configHash(options, declaredTypes(this.log));
    const types = this.log.types.list();
    const digest = hashHex('basis', generation?.number ?? 0, hash, JSON.stringify([options, types]));
    const basis = { space: space.info, generation, options, configHash: hash, types, digest };
    this.kept = { sources, basis };
    return basis;
  }

  of(user: UserKey | null, space: LoadedSpace, nowMs: number, basis = this.basis(space)): LiveUser {
    const stored = user === null ? null : this.profiles(space.info.name).get(user);
    const log = user === null ? noActions : this.log.userLog(user, this.memory);
    const base = {
      interests: stored?.interests ?? [],
      asOf: basis.generation?.asOf ?? Math.min(nowMs, this.log.newestTime() ?? 0),
      maxSeq: stored?.maxSeq ?? 0,
      isPublished: stored !== null,
      ...rolesOf(log, basis.types),
    };
    const news = this.news(log, space, nowMs, basis);
    const source = stored === null ? 'none' : 'batch';
    if (user === null || news === null) return { ...base, source };
    const fresh = this.update(user, { log, news, stored }, space, basis);
    const { interests, asOf } = fresh.profile;
    const isEmpty = interests.length === 0;
    return { ...base, interests, asOf, maxSeq: news.maxSeq, source: isEmpty ? 'none' : fresh.source };
  }

  /** Of a user's actions, how many make no point as of an instant, by reason. */
  leftOut(user: UserKey, space: LoadedSpace, asOf: number, basis: LiveBasis): LeftOut {
    const log = this.log.userLog(user, this.memory);
    return collectPoints(log, asOf, this.collecting(log, space, basis)).leftOut;
  }

  /** The interest actions since the batch; null where there are none that count. */
  private news(log: UserLog, space: LoadedSpace, nowMs: number, basis: LiveBasis): News | null {
    const { generation, types } = basis;
    const since = actionsSince(log, generation?.maxSeq ?? 0);
    if (since.length === 0) return null;
    const counts = (row: number): boolean =>
      types[since.types[row]].role === 'interest' && since.times[row] <= nowMs;
    const rows = Array.from({ length: since.length }, (_, row) => row).filter(counts);
    const newest = rows.reduce((latest, row) => Math.max(latest, since.times[row]), generation?.asOf ?? 0);
    const points = collectPoints(since, newest, this.collecting(since, space, basis));
    const maxSeq = since.seqs.subarray(0, since.length).reduce((a, b) => Math.max(a, b), 0);
    return points.times.length === 0 ? null : { points, asOf: newest, maxSeq };
  }

  private update(
    user: UserKey,
    { log, news, stored }: { log: UserLog; news: News; stored: Profile | null },
    space: LoadedSpace,
    basis: LiveBasis,
  ): { profile: Profile; source: 'exact' | 'overlay' } {
    const { options, configHash: digest } = basis;
    const { name, generation, dim } = space.info;
    const inferring = {
      ...options,
      identity: { user: this.log.users.idOf(user), space: name, generation },
    };
    const points = collectPoints(log, news.asOf, this.collecting(log, space, basis));
    const plan = planOnline(news.points.times.length, points.itemKeys.length, options);
    const { clusterer, gather } = this.toolsFor(space);
    if (stored && plan === 'overlay' && allHaveVectors(stored, space)) {
      const vector = (item: ItemKey): Float32Array => vectorOf(space, item) as Float32Array;
      const means = interestMeans(stored.interests, dim, vector, options.repeats);
      const newPoints = { ...news.points, maxSeq: news.maxSeq };
      const online = { vectorOf: vector, clusterer };
      const profile = overlayProfile({ profile: stored, means }, newPoints, news.asOf, inferring, online);
      return { profile, source: 'overlay' };
    }
    gather(clusterer.vectors(points.itemKeys.length), points.itemKeys, space.rowOfItem);
    const published = stored?.interests ?? [];
    // As a batch does it: weighed at the newest action, then decayed.
    const asOf = newestTime(points);
    const interests = inferWith(clusterer, this.scratch, points, asOf, inferring, published);
    const about = { space: name, configHash: digest, asOf, maxSeq: news.maxSeq };
    return { profile: decayTo({ ...about, interests }, news.asOf, options.lambda), source: 'exact' };
  }

  private collecting(log: UserLog, space: LoadedSpace, { options, types }: LiveBasis): CollectOptions {
    return {
      windowDays: options.windowDays,
      types,
      maxItems: options.maxItemsPerUser,
      hasVector: (item) => hasVector(space, item),
      idRank: this.order.ranksOf(log),
    };
  }

  private toolsFor({ vectors, dim }: LoadedSpace): Tools {
    if (this.tools?.vectors !== vectors)
      this.tools = { vectors, clusterer: createClusterer(dim), gather: createGather(vectors, dim) };
    return this.tools;
  }
}

/** What clusters the vectors of one matrix. */
interface Tools {
  readonly vectors: Float32Array;
  readonly clusterer: Clusterer;
  readonly gather: Gather;
}

/** Of a user's log, what may not come back. */
function rolesOf(
  log: UserLog,
  types: readonly ActionType[],
): Pick<LiveUser, 'barred' | 'excluded' | 'acted'> {
  const barred = new Set<ItemKey>();
  const excluded = new Set<ItemKey>();
  const acted = { actions: 0, maxSeq: 0 };
  for (let row = 0; row < log.length; row++) {
    const { role } = types[log.types[row]];
    if (role === 'impression') continue;
    barred.add(log.items[row]);
    if (role === 'exclude') excluded.add(log.items[row]);
    acted.actions++;
    if (log.seqs[row] > acted.maxSeq) acted.maxSeq = log.seqs[row];
  }
  return { barred, excluded, acted };
}

interface News {
  readonly points: Points;
  /** Epoch ms: the newest of them, at least the batch's asOf. */
  readonly asOf: number;
  readonly maxSeq: number;
}

const noActions: UserLog = {
  length: 0,
  items: new Uint32Array(0),
  times: new Float64Array(0),
  types: new Uint16Array(0),
  weights: new Float32Array(0),
  seqs: new Float64Array(0),
};

function allHaveVectors({ interests }: Profile, space: LoadedSpace): boolean {
  return interests.every(({ members }) => members.every((item) => vectorOf(space, item) !== null));
}

/** The interests of a live user at an instant: importances decay, nothing else moves. */
export function interestsAt(live: LiveUser, atMs: number, lambda: number): readonly Interest[] {
  const { interests, asOf, maxSeq } = live;
  return decayTo({ space: '', configHash: '', asOf, maxSeq, interests }, atMs, lambda).interests;
}
