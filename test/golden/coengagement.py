"""Golden cases of co-engagement embeddings and of their mix with text, by NumPy and SciPy -> test/golden/data/coengagement.json.

Run: python3 test/golden/coengagement.py
Written from the definition in src/embed/actions.ts: pairs are counted by two loops, the PPMI matrix is dense, the SVD is
LAPACK's. Vectors of one space are compared by their cosines, so signs of singular vectors do not matter.
"""

import json
import pathlib

import numpy as np
from scipy.linalg import svd

DAY = 86_400_000


def log(rng, users, items, topics):
    """A history per user: items of a few topics, some acted on again, some at one instant."""
    topic = rng.integers(topics, size=items)
    actions = []
    for _ in range(users):
        liked = rng.choice(topics, size=2, replace=False)
        pool = np.flatnonzero(np.isin(topic, liked))
        n = int(rng.integers(1, 14))
        times = np.sort(rng.integers(0, 60, size=n)) * DAY // 2
        chosen = np.where(rng.random(n) < 0.8, rng.choice(pool, size=n), rng.integers(items, size=n))
        actions.append([[int(i) * 3 + 1, int(t)] for i, t in zip(chosen, times)])
    return actions


def ppmi_svd(actions, dim, until, window_days, neighbors, damping, min_users, shift, smoothing):
    histories = []
    for user in actions:
        first = {}
        for item, time in user:
            if time <= until:
                first.setdefault(item, time)
        histories.append(list(first.items()))
    users_of = {}
    for history in histories:
        for item, _ in history:
            users_of[item] = users_of.get(item, 0) + 1
    keys = sorted(item for item, n in users_of.items() if n >= min_users)
    place = {item: row for row, item in enumerate(keys)}
    c = np.zeros((len(keys), len(keys)))
    for history in histories:
        for i, (a, ta) in enumerate(history):
            for b, tb in history[i + 1 : i + 1 + neighbors]:
                if tb - ta <= window_days * DAY and a in place and b in place:
                    c[place[a], place[b]] += len(history) ** -damping
                    c[place[b], place[a]] += len(history) ** -damping
    total = c.sum(axis=1)
    context = total**smoothing
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(c * context.sum() / np.outer(total, context)) - np.log(shift)
    m = np.where(c > 0, np.maximum(pmi, 0), 0)
    u, s, _ = svd(m)
    rows = u[:, :dim] * np.sqrt(s[:dim])
    kept = ((u[:, :dim] * s[:dim]) ** 2).sum(axis=1) > 1e-9
    rows = rows[kept] / np.linalg.norm(rows[kept], axis=1, keepdims=True)
    return np.array(keys)[kept], rows, np.array([users_of[k] for k in np.array(keys)[kept]])


def mix(text_keys, text, keys, vectors, users, dim, weight, confidence):
    every = sorted(set(text_keys) | set(keys))
    x = np.zeros((len(every), text.shape[1] + vectors.shape[1]))
    for key, row in zip(text_keys, text):
        x[every.index(key), : text.shape[1]] = np.sqrt(1 - weight) * row
    for key, row, n in zip(keys, vectors, users):
        x[every.index(key), text.shape[1] :] = np.sqrt(weight) * n / (n + confidence) * row
    _, _, vt = np.linalg.svd(x, full_matrices=False)
    y = x @ vt[:dim].T
    return every, y / np.linalg.norm(y, axis=1, keepdims=True)


def cosines(rows):
    return np.round(rows @ rows.T, 7).tolist()


rng = np.random.default_rng(20151234)
stored = []
for name, users, items, dim, options in [
    ("plain", 40, 30, 8, dict(until=10**12, window_days=10**6, neighbors=100, damping=0, min_users=1, shift=1, smoothing=1)),
    ("windowed, shifted, smoothed", 60, 35, 6, dict(until=10**12, window_days=5, neighbors=100, damping=0.5, min_users=2, shift=1.2, smoothing=0.75)),
    ("few neighbours", 60, 35, 6, dict(until=10**12, window_days=10**6, neighbors=2, damping=1, min_users=3, shift=1, smoothing=0.75)),
    ("cut", 60, 35, 6, dict(until=12 * DAY, window_days=10**6, neighbors=100, damping=0.5, min_users=2, shift=1, smoothing=0.75)),
]:
    actions = log(rng, users, items, 5)
    keys, rows, users_of = ppmi_svd(actions, dim, **options)
    text_keys = [3 * i + 1 for i in range(0, items, 2)] + [1000]
    text = rng.normal(size=(len(text_keys), 5))
    text = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
    every, mixed = mix(text_keys, text, keys, rows, users_of, 7, 0.4, 3)
    names = ["untilMs", "windowDays", "neighbors", "damping", "minUsers", "shift", "smoothing"]
    stored.append({"name": name, "dim": dim, "options": dict(zip(names, options.values())), "actions": actions,
                   "keys": keys.tolist(), "usersOf": users_of.tolist(), "cosines": cosines(rows),
                   "mix": {"textKeys": text_keys, "text": text.ravel().tolist(), "dim": 7, "actionWeight": 0.4,
                           "confidence": 3, "keys": [int(k) for k in every], "cosines": cosines(mixed)}})

path = pathlib.Path(__file__).parent / "data" / "coengagement.json"
path.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
