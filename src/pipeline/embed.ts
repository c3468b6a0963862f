import type { ActionLog } from '../actions/log.js';
import type { Catalog } from '../catalog/catalog.js';
import { type SpaceContent, spaceNamed } from '../catalog/space.js';
import {
  type ActionEmbedding,
  type ActionEmbeddingOptions,
  embedActions,
  type UserScan,
} from '../embed/actions.js';
import { type MixOptions, type MixPart, mixEmbeddings } from '../embed/mix.js';
import { embedText } from '../embed/text.js';
import { PinnersageError } from '../errors.js';
import { documentsOf, newestText, textFieldsOf } from './documents.js';
import { makeSpaceApart } from './embed-thread.js';
import { checkTexts } from './guard.js';

/** What embeddings are made from: the items' text, the actions on them, or both. */
export const embedSources = ['text', 'actions', 'mix'] as const;
export type EmbedSource = (typeof embedSources)[number];

export interface EmbedTextOptions {
  /** Metadata fields to read. Default: every field with text in it, addresses aside. */
  readonly fields?: readonly string[];
  /** Dimensions wanted. Default: 128. Fewer come out where the texts or actions do not span as many. */
  readonly dim?: number;
  /** Seed of the random projection. Default: 0. */
  readonly seed?: number;
  /** Name of the space. Default: what it is made from: 'text', 'actions' or 'mix'. */
  readonly space?: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
  /** Stops it at the next step: `interrupted`, and nothing is stored. */
  readonly signal?: AbortSignal;
}

export interface EmbedOptions
  extends EmbedTextOptions,
    Omit<ActionEmbeddingOptions, 'dim' | 'seed' | 'onProgress'>,
    Omit<MixOptions, 'dim'> {
  readonly from: EmbedSource;
}

export interface EmbedReport {
  readonly space: string;
  readonly generation: number;
  readonly items: number;
  /** Items with text or actions that got no embedding. */
  readonly skipped: number;
  readonly dim: number;
  /** Metadata fields that were read. */
  readonly fields: readonly string[];
  readonly from: EmbedSource;
  /** What of the log was read; null where nothing was. */
  readonly actions: {
    /** ISO 8601: the newest action that counted is no later. */
    readonly until: string;
    readonly users: number;
    readonly pairs: number;
    /** Pairs left out for want of room. */
    readonly forgotten: number;
  } | null;
}

const defaultDim = 128;

/** Embeddings for a catalog that has none: a new generation of a space, switched to whole. `path`: of the directory. */
export async function embedCatalog(
  path: string,
  catalog: Catalog,
  options: EmbedOptions,
): Promise<EmbedReport> {
  const { from } = options;
  const dim = options.dim ?? defaultDim;
  if (options.fields !== undefined) checkTexts('fields', options.fields);
  const made = await makeSpaceApart(path, options);
  if (made.items.length === 0) throw new PinnersageError('column-missing', nothingOf[from]);
  const name = options.space ?? from;
  const wasActive = catalog.spaceTable().active;
  const wasCalibrated = spaceNamed(catalog.spaceTable(), name)?.calibration !== undefined;
  const { generation } = catalog.replaceSpace(name, made);
  if (wasCalibrated)
    options.onNote?.(
      `space "${name}" is calibrated no longer: that belonged to the vectors before; see calibrate`,
    );
  if (made.dim < dim)
    options.onNote?.(`${from}: there are only ${made.dim} dimensions, ${dim} were asked for`);
  if (made.actions && made.actions.forgotten > 0)
    options.onNote?.(`${made.actions.forgotten} light pairs were left out for want of room; see maxPairs`);
  if (wasActive !== null && wasActive !== name) options.onNote?.(`space "${wasActive}" stays the active one`);
  const { skipped, fields, actions } = made;
  return { space: name, generation, items: made.items.length, skipped, dim: made.dim, fields, from, actions };
}

/** Text embeddings of the same catalog and options, kept from one call to the next. */
export interface MadeBefore {
  text?: TextPart;
}

/** What `embedCatalog` stores, not stored. Nothing of the log after `untilMs` is read. */
export function makeSpace(
  catalog: Catalog,
  log: ActionLog,
  options: EmbedOptions,
  before: MadeBefore = {},
): Made {
  const { space: _, untilMs: __, onProgress: ___, onNote: ____, signal: _____, ...made } = options;
  const dim = options.dim ?? defaultDim;
  const content = makers[options.from](catalog, log, { ...options, dim }, before);
  const fields = options.from === 'actions' ? {} : { fields: content.fields };
  return { ...content, made: { ...made, ...fields, dim } };
}

/** A user's interest actions in the order of the log, which is that of users and time. */
export function interestScan(log: ActionLog): UserScan {
  return (visit) => {
    const types = log.types.list();
    let items = new Uint32Array(1024);
    let times = new Float64Array(1024);
    log.scan(0, log.users.count(), (_, user) => {
      if (user.length > items.length) {
        items = new Uint32Array(2 * user.length);
        times = new Float64Array(2 * user.length);
      }
      let length = 0;
      for (let i = 0; i < user.length; i++) {
        if (types[user.types[i]].role !== 'interest') continue;
        items[length] = user.items[i];
        times[length++] = user.times[i];
      }
      visit(items, times, length);
    });
  };
}

export interface Made extends SpaceContent, Pick<EmbedReport, 'skipped' | 'fields' | 'actions'> {}

type Maker = (
  catalog: Catalog,
  log: ActionLog,
  options: EmbedOptions & { readonly dim: number },
  before: MadeBefore,
) => Made;

const makers: Record<EmbedSource, Maker> = {
  text: (catalog, _, options) => {
    const text = fromText(catalog, options);
    const source = `embedded from ${text.fields.join(', ')}`;
    const dated = text.newestMs === null ? {} : { untilMs: text.newestMs };
    return { ...text, ...dated, normalized: true, source, items: text.keys, actions: null };
  },
  actions: (_, log, options) => {
    const found = fromActions(log, options);
    const { keys: items, vectors, dim, skipped } = found;
    const source = `co-engagement up to ${found.actions.until}`;
    return {
      ...found.cut,
      dim,
      normalized: true,
      source,
      items,
      vectors,
      skipped,
      fields: [],
      actions: found.actions,
    };
  },
  mix: (catalog, log, options, before) => {
    before.text ??= fromText(catalog, options);
    const { text } = before;
    const found = fromActions(log, options);
    const { keys: items, vectors, dim, ...counts } = mixEmbeddings(text, found, options);
    const source = `mixed of ${text.fields.join(', ')} and co-engagement up to ${found.actions.until}`;
    options.onNote?.(
      `${counts.both} items have text and actions, ${counts.textOnly} text only, ${counts.actionsOnly} actions only`,
    );
    const { fields, skipped } = text;
    return {
      untilMs: Math.max(found.cut.untilMs, text.newestMs ?? Number.NEGATIVE_INFINITY),
      dim,
      normalized: true,
      source,
      items,
      vectors,
      skipped,
      fields,
      actions: found.actions,
    };
  },
};

const nothingOf: Record<EmbedSource, string> = {
  text: 'no item has usable text in the fields that were read; see --fields',
  actions: 'no two users have two items in common up to the cut; see --min-users and --until',
  mix: 'no item has usable text or actions; see --fields',
};

interface TextPart extends MixPart {
  readonly skipped: number;
  readonly fields: readonly string[];
  /** Epoch ms: the newest text, where items say of what date theirs is. */
  readonly newestMs: number | null;
}

function fromText(catalog: Catalog, options: EmbedTextOptions & { readonly dim: number }): TextPart {
  const fields = options.fields ?? textFieldsOf(catalog);
  if (fields.length === 0)
    throw new PinnersageError('column-missing', 'no item has a text field to embed; name one with --fields');
  const { keys, vectors, dim, skipped } = embedText(
    () => documentsOf(catalog, fields),
    { dim: options.dim, seed: options.seed ?? 0 },
    (step) => options.onProgress?.(step.done, step.total ?? step.done),
  );
  return { keys, vectors, dim, skipped, fields, newestMs: newestText(catalog) };
}

function fromActions(log: ActionLog, options: EmbedOptions & { readonly dim: number }) {
  const until = Math.min(options.untilMs ?? Number.POSITIVE_INFINITY, log.newestTime() ?? 0);
  const found: ActionEmbedding = embedActions(interestScan(log), {
    ...options,
    seed: options.seed ?? 0,
    untilMs: until,
    onProgress: (_, done, total) => options.onProgress?.(done, total ?? done),
  });
  const { users, pairs, forgotten } = found;
  const actions = { until: new Date(until).toISOString(), users, pairs, forgotten };
  return { ...found, actions, cut: { untilMs: until } };
}
