import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { writeNpy } from '../files/npy.js';
import { createRng } from '../math/rng.js';
import { dayMs } from '../model/action.js';

export interface PipelineWorld {
  readonly seed: number;
  readonly items: number;
  readonly users: number;
  readonly actions: number;
  /** Dimensions of the embeddings. */
  readonly dim: number;
}

export interface PipelineFiles {
  readonly items: string;
  readonly embeddings: string;
  readonly actions: string;
  /** Later actions of one user in a hundred. */
  readonly more: string;
}

/** The last action of `actions`; those of `more` are of the day after. */
export const worldEndMs = Date.UTC(2026, 5, 30);

const spanDays = 85;
const itemsPerTopic = 200;
/** Length of what an item adds to its topic's direction: two items of one topic have cosine 1 / (1 + spread²) = 0.8. */
const spread = 0.5;

/**
 * A log as large catalogs have it, as files on disk: activity of users is log-normal (σ = 1.5: the mean is three
 * times the median, one user in a thousand has a hundred times as much), a user has 3 + 0.8 √actions topics, prefers some of them and in
 * each some items. Rows come in the order of time.
 */
export async function writeWorld(dir: string, world: PipelineWorld): Promise<PipelineFiles> {
  mkdirSync(dir, { recursive: true });
  const files = {
    items: join(dir, 'items.parquet'),
    embeddings: join(dir, 'items.npy'),
    actions: join(dir, 'actions.parquet'),
    more: join(dir, 'more.ndjson'),
  };
  const { DuckDBInstance } = await import('@duckdb/node-api'); // the stages import this file for the time alone
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GiB', temp_directory: dir });
  const connection = await instance.connect();
  await writeItems(connection, files.items, world);
  await writeActions(connection, files, world);
  connection.closeSync();
  instance.closeSync();
  await writeEmbeddings(files.embeddings, world);
  return files;
}

const topicsOf = ({ items }: PipelineWorld): number => Math.max(1, Math.floor(items / itemsPerTopic));

async function writeItems(connection: DuckDBConnection, path: string, world: PipelineWorld): Promise<void> {
  const topic = `i % ${topicsOf(world)}`;
  await connection.run(`COPY (
    SELECT 'i' || i AS item_id, 'Item ' || i || ' on topic ' || (${topic}) AS title, ['t' || (${topic})] AS tags,
      ${uniform(world, 'quality', 'i')} AS quality
    FROM range(${world.items}) t(i)) TO '${path}' (FORMAT parquet)`);
}

async function writeActions(
  connection: DuckDBConnection,
  files: PipelineFiles,
  world: PipelineWorld,
): Promise<void> {
  const { users, actions } = world;
  const radius = `sqrt(-2 * ln(greatest(1e-12, ${uniform(world, 'radius', 'u')})))`;
  await connection.run(`CREATE TABLE weights AS
    SELECT u, exp(1.5 * ${radius} * cos(2 * pi() * ${uniform(world, 'angle', 'u')})) AS w FROM range(${users}) t(u)`);
  // Where the actions of each user begin when all are laid end to end; users are so exactly as active as they weigh.
  await connection.run(`CREATE TABLE people AS
    SELECT u, first, lead(first, 1, ${actions}) OVER (ORDER BY u) - first AS n FROM (
      SELECT u, CAST(floor(${actions} * (sum(w) OVER (ORDER BY u ROWS UNBOUNDED PRECEDING) - w) / sum(w) OVER ())
        AS BIGINT) AS first FROM weights)`);
  const step = coprimeStep(actions);
  const rows = `SELECT r, u, n, ${worldEndMs - spanDays * dayMs} + CAST(r AS BIGINT) * ${Math.floor((spanDays * dayMs) / actions)} AS moment
    FROM (SELECT r, CAST((CAST(r AS HUGEINT) * ${step}) % ${actions} AS BIGINT) AS place FROM range(${actions}) t(r)) rows
    ASOF JOIN (SELECT * FROM people WHERE n > 0) people ON rows.place >= people.first`;
  await connection.run(
    `COPY (${actionRows(world, rows)}) TO '${files.actions}' (FORMAT parquet, ROW_GROUP_SIZE 100000)`,
  );
  const more = `SELECT ${actions} + u AS r, u, 100 AS n, ${worldEndMs} + u AS moment FROM range(0, ${users}, 100) t(u)`;
  await connection.run(`COPY (${actionRows(world, more)}) TO '${files.more}' (FORMAT json)`);
}

/** Adds item and type to rows of (r, u, n, moment). */
function actionRows(world: PipelineWorld, rows: string): string {
  const topics = topicsOf(world);
  const interests = '(3 + 0.8 * sqrt(n))';
  return `SELECT 'u' || u AS user_id, 'i' || (topic + ${topics} * CAST(floor(${Math.floor(world.items / topics)} *
      ${uniform(world, 'item', 'r')} ** 1.5) AS BIGINT)) AS item_id,
      CASE WHEN r % 10 < 7 THEN 'click' ELSE 'save' END AS type, moment AS timestamp
    FROM (SELECT *, CAST(hash('${world.seed} topic', u, CAST(floor(${interests} * ${uniform(world, 'interest', 'r')} ** 2)
      AS BIGINT)) % ${topics} AS BIGINT) AS topic FROM (${rows}))`;
}

/** SQL: uniform over [0, 1), fixed by the seed, a name and a column. */
function uniform({ seed }: PipelineWorld, name: string, column: string): string {
  return `((hash('${seed} ${name}', ${column}) >> 11) / 9007199254740992.0)`;
}

/** Steps through 0 … n−1 in an order that looks shuffled, each number once. */
function coprimeStep(n: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.floor(n * 0.6180339887) | 1;
  while (gcd(step, n) !== 1) step += 2;
  return step;
}

async function writeEmbeddings(path: string, world: PipelineWorld): Promise<void> {
  const { items, dim, seed } = world;
  const topics = topicsOf(world);
  const rng = createRng(seed);
  const centres = Float32Array.from({ length: topics * dim }, () => rng.normal() / Math.sqrt(dim));
  const data = new Float32Array(items * dim);
  const noise = spread / Math.sqrt(dim);
  for (let item = 0; item < items; item++) {
    const centre = (item % topics) * dim;
    for (let k = 0; k < dim; k++) data[item * dim + k] = centres[centre + k] + noise * rng.normal();
  }
  await writeNpy(path, { rows: items, dim, data });
}
