import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import { PinnersageError } from '../errors.js';
import {
  type OutputColumn,
  type OutputFormat,
  type OutputRow,
  outputFormatOf,
  outputFormats,
  writeTable,
} from '../files/write.js';
import type { JsonValue, Metadata } from '../model/item.js';
import { vectorOf } from '../model/item.js';
import type { ProfileStore } from '../store/profiles.js';
import { checkOneOf } from './guard.js';
import { type Recommender, type RecommendOptions, requireGeneration } from './recommend.js';

export const exportKinds = ['items', 'embeddings', 'actions', 'profiles', 'recommendations'] as const;
export type ExportKind = (typeof exportKinds)[number];

export interface ExportRowsOptions {
  /** The space of embeddings, profiles and recommendations. Default: the active one. */
  readonly space?: string;
  /** Of recommendations: count, medoids, seed, clock. */
  readonly recommend?: Omit<RecommendOptions, 'space'>;
}

export interface ExportOptions extends ExportRowsOptions {
  /** By the extension where it is not given; NDJSON where that says nothing. */
  readonly format?: OutputFormat;
  readonly onProgress?: (rows: number) => void;
  readonly signal?: AbortSignal;
}

export interface ExportReport {
  readonly kind: ExportKind;
  readonly format: OutputFormat;
  readonly file: string;
  readonly rows: number;
}

/** What the rows are made from. */
export interface ExportSources {
  readonly catalog: Catalog;
  readonly log: ActionLog;
  readonly profiles: (space: string) => ProfileStore;
  readonly recommender: Recommender;
  readonly nowMs: number;
}

type Rows = (sources: ExportSources, options: ExportRowsOptions) => Iterable<OutputRow>;

const rowsOf: { readonly [kind in ExportKind]: Rows } = {
  items: itemRows,
  embeddings: embeddingRows,
  actions: actionRows,
  profiles: profileRows,
  recommendations: recommendationRows,
};

/** One row at a time, as they will be written. */
export function exportRows(
  kind: ExportKind,
  sources: ExportSources,
  options: ExportRowsOptions,
): Iterable<OutputRow> {
  if (!exportKinds.includes(kind))
    throw new PinnersageError('option-invalid', `got "${kind}", expected one of: ${exportKinds.join(', ')}`);
  return rowsOf[kind](sources, options);
}

export async function exportFile(
  kind: ExportKind,
  file: string,
  sources: ExportSources,
  options: ExportOptions,
): Promise<ExportReport> {
  const format = outputFormatOf(file, options.format);
  checkOneOf('format', format, outputFormats);
  const rows = exportRows(kind, sources, options);
  const columns = format === 'parquet' ? columnsOf(kind, sources, options) : [];
  return { kind, format, file, rows: await writeTable(file, format, columns, rows, options) };
}

/** Fields of metadata that have the name of a column of ours would take its place. */
function apartFromOurs({ item_id: _, embedding: __, ...metadata }: Metadata): Metadata {
  return metadata;
}

/** What the importers take: the metadata, and the vector where the space has one. */
function* itemRows({ catalog }: ExportSources, { space }: ExportRowsOptions): Iterable<OutputRow> {
  const table = space === undefined && catalog.spaceTable().active === null ? null : catalog.load(space);
  for (const { key, itemId, metadata } of catalog.items()) {
    const vector = table && vectorOf(table, key);
    yield {
      item_id: itemId,
      ...apartFromOurs(metadata),
      ...(vector ? { embedding: Array.from(vector) } : {}),
    };
  }
}

function* embeddingRows({ catalog }: ExportSources, { space }: ExportRowsOptions): Iterable<OutputRow> {
  const table = catalog.load(space);
  for (const { key, itemId } of catalog.items()) {
    const vector = vectorOf(table, key);
    if (vector) yield { item_id: itemId, embedding: Array.from(vector) };
  }
}

function* actionRows({ catalog, log }: ExportSources): Iterable<OutputRow> {
  const types = log.types.list();
  for (const action of log.all()) {
    yield {
      user_id: log.users.idOf(action.user),
      item_id: catalog.ids.idOf(action.item),
      type: types[action.type].name,
      timestamp: new Date(action.time).toISOString(),
      event_id: action.eventId ?? undefined,
      weight: action.weight,
      recommendation_id: action.extras?.recommendationId,
      position: action.extras?.position,
      context: action.extras?.context,
    };
  }
}

function* profileRows(
  { catalog, log, profiles }: ExportSources,
  { space }: ExportRowsOptions,
): Iterable<OutputRow> {
  const store = profiles(catalog.space(space).name);
  const generation = requireGeneration(store);
  const id = (item: number): string => catalog.ids.idOf(item);
  for (const { user, interests } of store.all()) {
    yield {
      user_id: log.users.idOf(user),
      as_of: new Date(generation.asOf).toISOString(),
      space: generation.space,
      interests: interests.map((interest) => ({
        interest_id: interest.id,
        medoid: id(interest.medoid),
        importance: interest.importance,
        size: interest.size,
        last_action_at: new Date(interest.lastActionAt).toISOString(),
        members: Array.from(interest.members, id),
        counts: Array.from(interest.counts),
      })),
    };
  }
}

/** For every user with a profile. */
function* recommendationRows(sources: ExportSources, options: ExportRowsOptions): Iterable<OutputRow> {
  const { catalog, log, recommender, nowMs } = sources;
  const space = catalog.space(options.space).name;
  const request = { nowMs, ...options.recommend, space };
  for (const { user } of sources.profiles(space).all()) {
    const answer = recommender.recommend(log.users.idOf(user), request);
    yield {
      user_id: answer.userId,
      recommendation_id: answer.recommendationId,
      seed: answer.seed,
      fallback: answer.fallback ?? undefined,
      propensity: answer.propensity,
      interests: answer.interests.map(({ interestId, medoid, probability }) => ({
        interest_id: interestId,
        medoid,
        probability,
      })),
      items: answer.items.map(({ itemId, score, interestId }) => ({
        item_id: itemId,
        score,
        interest_id: interestId,
      })),
    };
  }
}

const interestType =
  'STRUCT(interest_id VARCHAR, medoid VARCHAR, importance DOUBLE, size BIGINT, last_action_at TIMESTAMP, ' +
  'members VARCHAR[], counts BIGINT[])[]';

const fixedColumns = {
  actions: {
    user_id: 'VARCHAR',
    item_id: 'VARCHAR',
    type: 'VARCHAR',
    timestamp: 'TIMESTAMP',
    event_id: 'VARCHAR',
    weight: 'FLOAT',
    recommendation_id: 'VARCHAR',
    position: 'BIGINT',
    context: 'JSON',
  },
  profiles: { user_id: 'VARCHAR', as_of: 'TIMESTAMP', space: 'VARCHAR', interests: interestType },
  recommendations: {
    user_id: 'VARCHAR',
    recommendation_id: 'VARCHAR',
    seed: 'BIGINT',
    fallback: 'VARCHAR',
    propensity: 'DOUBLE',
    interests: 'STRUCT(interest_id VARCHAR, medoid VARCHAR, probability DOUBLE)[]',
    items: 'STRUCT(item_id VARCHAR, score DOUBLE, interest_id VARCHAR)[]',
  },
} as const satisfies { readonly [kind in ExportKind]?: { readonly [column: string]: string } };

/** Columns of a Parquet file. Those of items are found out by a pass over their metadata. */
function columnsOf(
  kind: ExportKind,
  { catalog }: ExportSources,
  { space }: ExportRowsOptions,
): OutputColumn[] {
  if (kind !== 'items' && kind !== 'embeddings')
    return Object.entries(fixedColumns[kind]).map(([name, type]) => ({ name, type }));
  const id = { name: 'item_id', type: 'VARCHAR' };
  const hasVectors = space !== undefined || catalog.spaceTable().active !== null;
  const vectors = hasVectors ? [{ name: 'embedding', type: `FLOAT[${catalog.space(space).dim}]` }] : [];
  if (kind === 'embeddings') return [id, ...vectors];
  const types = new Map<string, string>();
  for (const { metadata } of catalog.items()) widen(types, apartFromOurs(metadata));
  return [id, ...[...types].map(([name, type]) => ({ name, type })), ...vectors];
}

/** What does not fit one type of column in all items becomes JSON. */
function widen(types: Map<string, string>, metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (value === null) continue;
    const type = typeOf(value);
    const before = types.get(name) ?? type;
    types.set(name, before === type ? type : 'JSON');
  }
}

function typeOf(value: JsonValue): string {
  if (typeof value === 'string') return 'VARCHAR';
  if (typeof value === 'number') return 'DOUBLE';
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (!Array.isArray(value) || value.length === 0) return 'JSON';
  const types = new Set(value.map(typeOf));
  const [type] = types;
  return types.size === 1 && (type === 'VARCHAR' || type === 'DOUBLE') ? `${type}[]` : 'JSON';
}
