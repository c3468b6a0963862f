import type { batchBody, batchReport } from '../api/admin.js';
import type { item } from '../api/items.js';
import type { recommendBody } from '../api/recommendations.js';
import type { Plain } from '../api/schema.js';
import type { putReport } from '../api/shared.js';
import type { Action } from '../model/action.js';
import type { Recommendation } from '../model/candidate.js';
import type { Filter } from '../model/filter.js';
import type { Item } from '../model/item.js';
import type {
  ActionPage,
  Erasure,
  ItemNeighbors,
  LoggedRecommendation,
  RankReport,
  UserEmbeddings,
  UserExport,
  UserInterests,
} from '../model/serving.js';
import { ApiError } from './error.js';
import { type CallOptions, type ClientOptions, createTransport, type Send } from './transport.js';

/** An item as a server hands it out. */
export type StoredItem = Plain<typeof item>;
export type PutReport = Plain<typeof putReport>;
export type RecommendRequest = Plain<typeof recommendBody>;
export type BatchRequest = Plain<typeof batchBody>;
export type BatchReport = Plain<typeof batchReport>;

export interface NeighborsRequest {
  /** Default: 20. */
  readonly count?: number;
  readonly filter?: Filter;
  readonly pool?: string;
}

export interface PageRequest {
  /** Actions per page, up to 1,000. Default: 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/**
 * A pinnersage server. Every call waits and tries again where the server asks for it (429, 503 with `Retry-After`) or where
 * there was no answer, and rejects with `ApiError` in the end; `signal: AbortSignal.timeout(1000)` bounds a call. Ids may hold any characters; only `.` and `..` cannot be sent.
 */
export class PinnersageClient {
  private readonly send: Send;

  constructor(options: ClientOptions) {
    this.send = createTransport(options);
  }

  /** Adds items or replaces them. Sent again, they are duplicates. */
  putItems(items: readonly Item[], options: CallOptions = {}): Promise<PutReport> {
    const body = items.map(({ embedding, ...rest }) =>
      embedding === undefined ? rest : { ...rest, embedding: Array.from(embedding) },
    );
    return this.send({ method: 'POST', path: ['v1', 'items'], body, ...options });
  }

  /** null where there is no such item. */
  async item(itemId: string, options: CallOptions = {}): Promise<StoredItem | null> {
    return orNull('item-unknown', this.send({ method: 'GET', path: ['v1', 'items', itemId], ...options }));
  }

  /** Whether there was such an item. */
  async deleteItem(itemId: string, options: CallOptions = {}): Promise<boolean> {
    const done = this.send<undefined>({ method: 'DELETE', path: ['v1', 'items', itemId], ...options });
    return (await orNull('item-unknown', done)) !== null;
  }

  neighbors(
    itemId: string,
    { filter, ...request }: NeighborsRequest = {},
    options: CallOptions = {},
  ): Promise<ItemNeighbors> {
    const query = { ...request, filter: filter && JSON.stringify(filter) };
    return this.send({ method: 'GET', path: ['v1', 'items', itemId, 'neighbors'], query, ...options });
  }

  /**
   * Resolves when the actions are on disk; the next recommendation knows them. An action is told from others by user,
   * timestamp and `eventId` (without one: by item and type), so give each both, made once: then a call may be repeated
   * after any failure, and what was accepted before counts as a duplicate.
   */
  appendActions(actions: readonly Action[], options: CallOptions = {}): Promise<PutReport> {
    return this.send({ method: 'POST', path: ['v1', 'actions'], body: actions, ...options });
  }

  interests(
    userId: string,
    request: { readonly members?: boolean } = {},
    options: CallOptions = {},
  ): Promise<UserInterests> {
    return this.send({
      method: 'GET',
      path: ['v1', 'users', userId, 'interests'],
      query: request,
      ...options,
    });
  }

  /** What a user did, newest first, a page at a time. */
  actions(userId: string, request: PageRequest = {}, options: CallOptions = {}): Promise<ActionPage> {
    return this.send({
      method: 'GET',
      path: ['v1', 'users', userId, 'actions'],
      query: { ...request },
      ...options,
    });
  }

  /** Candidates; popular items, named as a fallback, for a user nobody knows. */
  recommend(
    userId: string,
    request: RecommendRequest = {},
    options: CallOptions = {},
  ): Promise<Recommendation> {
    const path = ['v1', 'users', userId, 'recommendations'];
    return this.send({ method: 'POST', path, body: request, ...options });
  }

  /** What was answered before under this id. */
  recommendation(
    userId: string,
    recommendationId: string,
    options: CallOptions = {},
  ): Promise<LoggedRecommendation> {
    const path = ['v1', 'users', userId, 'recommendations'];
    return this.send({ method: 'GET', path, query: { recommendationId }, ...options });
  }

  /** Scores given items for a user. */
  rank(userId: string, itemIds: readonly string[], options: CallOptions = {}): Promise<RankReport> {
    return this.send({
      method: 'POST',
      path: ['v1', 'users', userId, 'rank'],
      body: { itemIds },
      ...options,
    });
  }

  embeddings(userId: string, options: CallOptions = {}): Promise<UserEmbeddings> {
    return this.send({ method: 'GET', path: ['v1', 'users', userId, 'embeddings'], ...options });
  }

  exportUser(userId: string, options: CallOptions = {}): Promise<UserExport> {
    return this.send({ method: 'GET', path: ['v1', 'users', userId, 'export'], ...options });
  }

  /** Removes everything of a user for good. */
  eraseUser(userId: string, options: CallOptions = {}): Promise<Erasure> {
    return this.send({ method: 'DELETE', path: ['v1', 'users', userId], ...options });
  }

  /** Computes all profiles; resolves at the end, which may take minutes. */
  batch(request: BatchRequest = {}, options: CallOptions = {}): Promise<BatchReport> {
    const path = ['v1', 'admin', 'batch'];
    return this.send({ method: 'POST', path, body: request, again: 'refused', ...options });
  }

  /** Whether the server can answer now; also false where there is no answer at all. */
  async ready(options: CallOptions = {}): Promise<boolean> {
    try {
      await this.send({ method: 'GET', path: ['readyz'], again: 'never', ...options });
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === null || error.status === 503)) return false;
      throw error;
    }
  }
}

async function orNull<T>(code: string, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return null;
    throw error;
  }
}
