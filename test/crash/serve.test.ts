import { mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type PinnerSage } from 'pinnersage';
import { afterAll, expect, test } from 'vitest';
import { createRng, type Rng } from '../../src/math/rng.js';
import { cli } from '../helpers/cli.js';
import { type Served, type ServerProcess, serve, spawnServer } from '../helpers/server.js';
import { check } from './check.js';
import { Ledger, vectorOf } from './ledger.js';
import { clients, firstItems, LoadClient, type Traffic } from './load.js';

/** How often the server is killed; the whole check of CI asks for thirty. */
const rounds = Number(process.env.PINNERSAGE_CRASH_ROUNDS ?? 5);

const dir = mkdtempSync(join(tmpdir(), 'pinnersage-'));
const path = join(dir, 'data');
const quietly = ['--batch-every', 'none', '--log-level', 'silent'];
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the server is doing when it is killed. */
const moments = ['anything', 'a batch', 'an erasure', 'an index', 'its start'] as const;
type Moment = (typeof moments)[number];

const beginsWith: Partial<Record<Moment, string>> = {
  'a batch': 'POST /v1/admin/batch',
  'an erasure': 'DELETE /v1/users/',
};
/** A moment that does not come is not waited for longer than this many answers. */
const mostAnswers = 500;

/** Kills the server so many requests and answers after a moment has come. */
class Killer implements Traffic {
  private readonly server: ServerProcess;
  private readonly moment: Moment;
  private answersLeft: number;
  private sendsLeft: number;
  private answers = 0;
  private hasCome: boolean;
  isDone = false;

  constructor(server: ServerProcess, moment: Moment, rng: Rng) {
    this.server = server;
    this.moment = moment;
    this.hasCome = moment === 'anything' || moment === 'its start';
    this.answersLeft = rng.below(this.hasCome ? 120 : 12);
    this.sendsLeft = rng.below(6);
  }

  come(): void {
    this.hasCome = true;
  }

  sent(what: string): void {
    const begin = beginsWith[this.moment];
    if (begin !== undefined && what.startsWith(begin)) this.come();
    if (this.hasCome && this.answersLeft <= 0 && this.sendsLeft-- <= 0) this.kill();
  }

  answered(): void {
    if (++this.answers >= mostAnswers) this.kill();
    if (this.hasCome) this.answersLeft--;
  }

  kill(): void {
    this.isDone ||= this.server.process.kill('SIGKILL');
  }
}

async function prepare(ledger: Ledger): Promise<void> {
  const data = await open(path);
  const ids = Array.from({ length: firstItems }, (_, i) => `i${i}`);
  for (const id of ids) ledger.items.set(id, { version: 1, sent: 1, deleted: null });
  await data.putItems(
    ids.map((itemId) => ({
      itemId,
      embedding: vectorOf(itemId, 1),
      metadata: { version: 1, even: false },
    })),
  );
  if (data.indexStatus().library !== null) await data.buildIndex();
  await data.close();
}

/** Load from several clients until the server is dead; what it did then is for the caller to find out. */
async function loadUntilKilled(server: Served, round: number, moment: Moment, ledger: Ledger) {
  const rng = createRng(1000 + round);
  const quiet = { sent: () => {}, answered: () => {} };
  await new LoadClient(server.url, 0, round, rng, ledger, quiet).sendAgain();
  const killer = new Killer(server, moment, rng);
  const index = watch(join(path, 'index'), () => {
    if (moment === 'an index') killer.come();
  });
  try {
    const load = Array.from({ length: clients }, (_, c) =>
      new LoadClient(server.url, c, round, createRng(100 * round + c), ledger, killer).run(),
    );
    await Promise.all(load);
    expect(killer.isDone, `the server was not killed and is gone: ${server.log()}`).toBe(true);
  } finally {
    index.close();
    killer.kill();
    await server.ended;
  }
}

/** A server that is killed while it opens the directory. */
async function killAtStart(rng: Rng): Promise<void> {
  const { process: child, ended } = spawnServer(path, ...quietly);
  let left = rng.below(4);
  const watching = watch(path, { recursive: true }, () => {
    if (left-- <= 0) child.kill('SIGKILL');
  });
  await ended;
  watching.close();
}

test(
  'killed under load at any moment, a server starts again and has everything it acknowledged, once',
  async () => {
    const ledger = new Ledger();
    await prepare(ledger);
    const readyMs: number[] = [];
    let reader: PinnerSage | null = null;
    for (let round = 0; round < rounds; round++) {
      const moment = moments[round % moments.length];
      if (moment === 'its start') await killAtStart(createRng(round));
      const server = await serve(path, ...quietly);
      readyMs.push(server.readyMs);
      // In every other round a reader has the state open while the writer dies.
      reader ??= await open(path, { mode: 'read' });
      check(reader, ledger);
      if (round % 2 === 0) {
        await reader.close();
        reader = null;
      }
      await loadUntilKilled(server, round, moment, ledger);
    }
    await reader?.close();
    const server = await serve(path, ...quietly);
    const last = await open(path, { mode: 'read' });
    check(last, ledger);
    const verified = cli('verify', '--data', path, '--users', '200');
    expect(verified.status, verified.stderr).toBe(0);
    await last.close();
    server.process.kill('SIGTERM');
    expect(await server.ended, server.log()).toBe(0);
    readyMs.sort((a, b) => a - b);
    console.log(
      `killed ${rounds} times; ${ledger.actions.size} actions sent; ready again after ` +
        `${Math.round(readyMs[readyMs.length >> 1])} ms (median), at most ${Math.round(readyMs.at(-1) ?? 0)} ms`,
    );
  },
  60_000 + 20_000 * rounds,
);
