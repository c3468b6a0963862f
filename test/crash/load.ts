import { expect } from 'vitest';
import { ApiError, PinnersageClient } from '../../src/client.js';
import type { Rng } from '../../src/math/rng.js';
import type { Action } from '../../src/model/action.js';
import { type Ledger, vectorOf } from './ledger.js';

const day = 86_400_000;
export const clients = 6;
export const firstItems = 600;
const ownUsers = 20;
const sharedUsers = 60;

/** What is watched of the traffic, to decide when the server dies. */
export interface Traffic {
  sent(what: string): void;
  answered(what: string): void;
}

/** One of several clients at once: it alone erases its users and writes its items, so that it knows what to expect. */
export class LoadClient {
  private readonly client: PinnersageClient;
  private readonly number: number;
  private readonly rng: Rng;
  private readonly ledger: Ledger;
  private readonly round: number;
  private readonly users: string[];
  private made = 0;

  constructor(url: string, number: number, round: number, rng: Rng, ledger: Ledger, traffic: Traffic) {
    this.number = number;
    this.round = round;
    this.rng = rng;
    this.ledger = ledger;
    this.users = Array.from({ length: ownUsers }, (_, u) => `c${number}/${u}`)
      .map((user) => this.successor(user))
      .concat(Array.from({ length: sharedUsers }, (_, u) => `everyone's ${u}`));
    this.client = new PinnersageClient({
      baseUrl: url,
      retries: 0,
      fetch: async (address, init) => {
        const what = `${init?.method} ${new URL(String(address)).pathname}`;
        traffic.sent(what);
        const response = await fetch(address, init);
        const bytes = await response.arrayBuffer(); // half an answer is none
        traffic.answered(what);
        return new Response(response.status === 204 ? null : bytes, response);
      },
    });
  }

  /** Until the server is gone. */
  async run(): Promise<void> {
    while (await this.attempt(() => this.something()));
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === null) return false;
      if (error.status === 503 || error.code === 'batch-running') return true;
      throw error;
    }
  }

  private something(): Promise<void> {
    const chance = this.rng.uniform();
    if (chance < 0.5) return this.act();
    if (chance < 0.78) return this.recommend();
    if (chance < 0.86) return this.putItems();
    if (chance < 0.9) return this.deleteItem();
    if (chance < 0.92) return this.erase();
    if (chance < 0.94) return this.sendErased();
    if (chance < 0.97) return this.look();
    return this.number === 0 ? this.batch() : this.act();
  }

  /** The name a user who was erased goes on under, as another user. */
  private successor(user: string): string {
    return this.ledger.erased.has(user) ? this.successor(`${user}'`) : user;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.rng.below(list.length)];
  }

  private action(): Action {
    const { rng } = this;
    const eventId = `${this.round}.${this.number}.${this.made++}`;
    const age = (rng.uniform() < 0.05 ? 300 : 40) * day * rng.uniform();
    return {
      userId: this.pick(this.users),
      itemId: `i${rng.below(firstItems + 40)}`,
      type: this.pick(['save', 'save', 'save', 'save', 'click', 'hide', 'impression']),
      timestamp: Math.floor(Date.now() - age),
      eventId: rng.uniform() < 0.1 ? `é/ ${eventId}` : eventId,
      ...(rng.uniform() < 0.2 ? { weight: 0.5 } : {}),
    };
  }

  private async act(): Promise<void> {
    // Of many, the server keeps some aside for a while.
    const most = this.rng.uniform() < 0.1 ? 600 : 25;
    const actions = Array.from({ length: 1 + this.rng.below(most) }, () => this.action());
    const again = this.rng.uniform() < 0.3 ? this.acknowledged(3) : [];
    this.ledger.send(actions);
    const report = await this.client.appendActions([...actions, ...again]);
    expect(report).toEqual({ accepted: actions.length, duplicates: again.length, rejected: [] });
    this.ledger.acknowledge(actions);
  }

  /** Some of what this client has had acknowledged, to be sent twice. */
  private acknowledged(count: number): Action[] {
    const found: Action[] = [];
    for (let i = Math.max(0, this.made - 10 * count); i < this.made && found.length < count; i++) {
      const entry = this.ledger.actions.get(`${this.round}.${this.number}.${i}`);
      if (entry?.known === 'acknowledged' && !this.ledger.erased.has(entry.action.userId))
        found.push(entry.action);
    }
    return found;
  }

  /** What was under way when the server died, whoever had sent it. */
  async sendAgain(): Promise<void> {
    const actions = this.ledger.unanswered();
    const { accepted, duplicates, rejected } = await this.client.appendActions(actions);
    expect(rejected).toEqual([]);
    expect(accepted + duplicates).toBe(actions.length);
    this.ledger.acknowledge(actions);
    for (const [userId, known] of this.ledger.erased) {
      if (known === 'acknowledged') continue;
      await this.client.eraseUser(userId);
      this.ledger.erased.set(userId, 'acknowledged');
    }
  }

  private async recommend(): Promise<void> {
    const userId = this.pick(this.users);
    const gone = this.ledger.deletedItems();
    const barred = new Set(this.ledger.barred.get(userId));
    const filter = this.rng.uniform() < 0.3 ? { filter: { even: true } } : {};
    const { items } = await this.client.recommend(userId, { count: 30, ...filter });
    for (const { itemId } of items) {
      expect(gone.has(itemId), `${itemId} was deleted`).toBe(false);
      expect(barred.has(itemId), `${userId} has seen ${itemId}`).toBe(false);
    }
  }

  private async look(): Promise<void> {
    const userId = this.pick(this.users);
    await this.client.interests(userId, { members: true });
    const gone = this.ledger.deletedItems();
    const { items } = await this.client.neighbors('i0', { count: 20 });
    for (const { itemId } of items) expect(gone.has(itemId), `${itemId} was deleted`).toBe(false);
  }

  /** One of this client's that is neither deleted nor about to be; `i0` is everybody's and stays. */
  private ownItem(): string | null {
    const n = this.number + clients * (1 + this.rng.below(firstItems / clients - 1));
    return this.ledger.items.get(`i${n}`)?.deleted ? null : `i${n}`;
  }

  private async putItems(): Promise<void> {
    const ids = new Set(Array.from({ length: 1 + this.rng.below(5) }, () => this.ownItem()));
    ids.delete(null);
    if (this.rng.uniform() < 0.5) ids.add(`new${1000 * this.round + 10 * this.made++ + this.number}`);
    await this.put([...ids] as string[]);
  }

  async put(ids: readonly string[]): Promise<void> {
    const states = ids.map((id) => this.ledger.items.get(id) ?? { version: 0, sent: 0, deleted: null });
    const versions = states.map((state, i) => {
      this.ledger.items.set(ids[i], state);
      return ++state.sent;
    });
    const items = ids.map((itemId, i) => ({
      itemId,
      embedding: vectorOf(itemId, versions[i]),
      metadata: { version: versions[i], even: versions[i] % 2 === 0 },
    }));
    const report = await this.client.putItems(items);
    expect(report).toEqual({ accepted: items.length, duplicates: 0, rejected: [] });
    states.forEach((state, i) => {
      state.version = versions[i];
    });
  }

  private async deleteItem(): Promise<void> {
    const id = this.ownItem();
    const state = id === null ? undefined : this.ledger.items.get(id);
    if (id === null || !state) return;
    state.deleted = 'sent';
    expect(await this.client.deleteItem(id)).toBe(true);
    state.deleted = 'acknowledged';
    expect(await this.client.item(id)).toBe(null);
  }

  private async erase(): Promise<void> {
    const place = this.rng.below(ownUsers);
    const userId = this.users[place];
    if (!this.ledger.barred.has(userId)) return;
    this.ledger.erased.set(userId, 'sent');
    this.users[place] = this.successor(userId);
    await this.client.eraseUser(userId);
    this.ledger.erased.set(userId, 'acknowledged');
    const { interests } = await this.client.interests(userId);
    expect(interests).toEqual([]);
  }

  /** An old file with actions of somebody who was erased is read again. */
  private async sendErased(): Promise<void> {
    const gone = [...this.ledger.erased].filter(([, known]) => known === 'acknowledged');
    if (gone.length === 0) return;
    const [userId] = this.pick(gone);
    await this.client.recommend(userId, { count: 3 });
    const old = { ...this.action(), userId, timestamp: Date.now() - day };
    const { accepted, rejected } = await this.client.appendActions([old]);
    expect(accepted).toBe(0);
    expect(rejected).toMatchObject([{ code: 'user-erased' }]);
  }

  private async batch(): Promise<void> {
    const { failed } = await this.client.batch();
    expect(failed).toBe(0);
  }
}
