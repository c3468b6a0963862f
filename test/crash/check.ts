import type { PinnerSage } from 'pinnersage';
import { expect } from 'vitest';
import type { Action } from '../../src/model/action.js';
import { type ItemState, type Ledger, vectorOf } from './ledger.js';

/**
 * Compares what a directory holds with what was sent to it, and notes in the ledger what became of the rest.
 * What was acknowledged must be there, exactly once and whole; what was sent and not answered, whole or not at all.
 */
export function check(data: PinnerSage, ledger: Ledger): void {
  checkActions(data, ledger);
  checkErased(data, ledger);
  checkItems(data, ledger);
  const { stored, ...log } = data.verifyLog();
  expect(log).toEqual({ recorded: stored, lost: 0, duplicates: 0 });
  const users = data.describe().users;
  const { differing, importanceDrift, batch, exact, overlay } = data.verifyUsers({
    users: Math.max(1, users),
  });
  expect(differing).toEqual([]);
  expect(overlay.users).toBe(0);
  expect(batch.users + exact.users > 0).toBe(stored > 0);
  expect(importanceDrift).toBeLessThan(1e-9);
}

function checkActions(data: PinnerSage, ledger: Ledger): void {
  const stored = new Map<string, object>();
  for (const row of data.rows('actions')) {
    expect(stored.has(String(row.event_id)), `${row.event_id} is there twice`).toBe(false);
    stored.set(String(row.event_id), row);
  }
  for (const [eventId, { action, known }] of ledger.actions) {
    const row = stored.get(eventId);
    const erased = ledger.erased.get(action.userId);
    if (erased === 'acknowledged') expect(row, `${eventId} was erased`).toBe(undefined);
    else if (known === 'acknowledged' && erased === undefined)
      expect(row, `${eventId} was acknowledged`).toBeDefined();
    if (row) expect(row).toEqual(rowOf(action));
    stored.delete(eventId);
  }
  expect([...stored.keys()], 'never sent').toEqual([]);
}

function rowOf({ userId, itemId, type, timestamp, eventId, weight }: Action): object {
  return {
    user_id: userId,
    item_id: itemId,
    type,
    timestamp: new Date(timestamp).toISOString(),
    event_id: eventId,
    weight: weight ?? 1,
    recommendation_id: undefined,
    position: undefined,
    context: undefined,
  };
}

/** An erasure is whole: of a user whose erasure was not answered, everything is there or nothing. */
function checkErased(data: PinnerSage, ledger: Ledger): void {
  const profiles = data.describe().batch ? [...data.rows('profiles')] : [];
  const owners = new Set(profiles.map(({ user_id }) => user_id));
  expect(owners.has(''), 'a profile of an erased user').toBe(false);
  const stored = new Map<string, number>();
  for (const { user_id } of data.rows('actions'))
    stored.set(String(user_id), 1 + (stored.get(String(user_id)) ?? 0));
  const acknowledged = new Map<string, number>();
  for (const { action, known } of ledger.actions.values())
    if (known === 'acknowledged') acknowledged.set(action.userId, 1 + (acknowledged.get(action.userId) ?? 0));
  for (const [userId, known] of ledger.erased) {
    const isGone = data.user(userId) === null;
    if (known === 'acknowledged') expect(isGone, `${userId} was erased`).toBe(true);
    if (isGone) ledger.erased.set(userId, 'acknowledged');
    else expect(stored.get(userId) ?? 0).toBeGreaterThanOrEqual(acknowledged.get(userId) ?? 0);
    if (isGone) expect([stored.has(userId), owners.has(userId)]).toEqual([false, false]);
  }
}

function checkItems(data: PinnerSage, ledger: Ledger): void {
  const vectors = new Map<unknown, readonly number[]>();
  for (const { item_id, embedding } of data.rows('embeddings'))
    vectors.set(item_id, embedding as readonly number[]);
  for (const [itemId, state] of ledger.items) {
    const found = data.item(itemId);
    if (found) checkVersion(itemId, Number(found.metadata?.version), vectors.get(itemId), state);
    else expect(state.version === 0 || state.deleted !== null, `${itemId} is missing`).toBe(true);
    state.deleted = found ? null : state.version === 0 ? null : 'acknowledged';
  }
}

function checkVersion(
  itemId: string,
  version: number,
  vector: readonly number[] | undefined,
  state: ItemState,
): void {
  expect(state.deleted, `${itemId} was deleted`).not.toBe('acknowledged');
  expect(version).toBeGreaterThanOrEqual(state.version);
  expect(version).toBeLessThanOrEqual(state.sent);
  const expected = vectorOf(itemId, version);
  expect(vector).toHaveLength(expected.length);
  const difference = Math.max(...expected.map((x, i) => Math.abs(x - (vector?.[i] ?? Number.NaN))));
  expect(difference, `${itemId} in version ${version}`).toBeLessThan(1e-6);
  state.version = version;
}
