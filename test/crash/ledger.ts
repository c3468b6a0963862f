import { createRng } from '../../src/math/rng.js';
import type { Action } from '../../src/model/action.js';

export const dim = 16;

/** How far something that was asked for is known to have come. */
type Known = 'sent' | 'acknowledged';

export interface ItemState {
  /** The version that was acknowledged last; 0 for none. */
  version: number;
  /** The newest that was sent. */
  sent: number;
  deleted: Known | null;
}

/** What the load has sent, and what of it was acknowledged: all that a server that was killed has to answer for. */
export class Ledger {
  readonly actions = new Map<string, { readonly action: Action; known: Known }>();
  readonly items = new Map<string, ItemState>();
  readonly erased = new Map<string, Known>();
  /** By user, the items that may not be recommended any more. */
  readonly barred = new Map<string, Set<string>>();

  acknowledge(actions: readonly Action[]): void {
    for (const action of actions) {
      const entry = this.actions.get(action.eventId as string);
      if (entry) entry.known = 'acknowledged';
      if (action.type === 'impression') continue;
      const barred = this.barred.get(action.userId) ?? new Set();
      this.barred.set(action.userId, barred.add(action.itemId));
    }
  }

  send(actions: readonly Action[]): void {
    for (const action of actions)
      if (!this.actions.has(action.eventId as string))
        this.actions.set(action.eventId as string, { action, known: 'sent' });
  }

  /** What was sent and not acknowledged, as a client that has lost its server would send it again. */
  unanswered(): Action[] {
    return [...this.actions.values()]
      .filter(({ known, action }) => known === 'sent' && !this.erased.has(action.userId))
      .map(({ action }) => action);
  }

  /** Items that no answer to a request that is sent now may contain. */
  deletedItems(): Set<string> {
    return new Set([...this.items].filter(([, { deleted }]) => deleted === 'acknowledged').map(([id]) => id));
  }
}

/** The vector of a version of an item, of unit length, so that what is stored tells which version it is. */
export function vectorOf(itemId: string, version: number): number[] {
  const number = Number(itemId.replace(/\D/g, ''));
  const rng = createRng(1000 * number + version);
  const vector = Array.from({ length: dim }, (_, k) => (k === number % 8 ? 1 : 0) + 0.2 * rng.normal());
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
}
