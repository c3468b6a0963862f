"""Independent figures for the evaluation: metrics one by one, and a small walk forward from beginning to end.

NumPy 2.3. Seeded; writes test/golden/data/metrics.json. Nothing here is taken from the TypeScript: ties of the ranking task
are averaged over all their orders, diversity is summed over all pairs, Gini is the mean absolute difference.
"""

import itertools
import json
import math
import pathlib

import numpy as np

rng = np.random.default_rng(20260630)
DAY = 86_400_000


def retrieval(targets, relevant, ranking, k):
    top = ranking[:k]
    hits = [t for t in targets if t in top]
    near = [t for t, items in zip(targets, relevant) if any(c in items for c in top)]
    gain = sum(1 / math.log2(2 + top.index(t)) for t in hits)
    ideal = sum(1 / math.log2(2 + i) for i in range(min(k, len(targets))))
    return {
        "relevance": len(near) / len(targets),
        "recall": len(hits) / len(targets),
        "hit": 1 if hits else 0,
        "ndcg": gain / ideal,
    }


def ranking_by_orders(positives, negatives):
    """Mean over all orders of tied items (small lists only)."""
    entries = [(s, True) for s in positives] + [(s, False) for s in negatives]
    groups = [[e for e in entries if e[0] == s] for s in sorted({s for s, _ in entries}, reverse=True)]
    k = len(positives)
    r_precision, reciprocal, orders = 0.0, 0.0, 0
    for choice in itertools.product(*[list(itertools.permutations(g)) for g in groups]):
        flat = [e for g in choice for e in g]
        ranks = [i + 1 for i, (_, positive) in enumerate(flat) if positive]
        r_precision += sum(r <= k for r in ranks) / k
        reciprocal += sum(1 / r for r in ranks) / k
        orders += 1
    return {"rPrecision": r_precision / orders, "reciprocalRank": reciprocal / orders}


def pairwise(vectors):
    n = len(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float(np.mean([1 - unit[i] @ unit[j] for i in range(n) for j in range(n) if i != j]))


def gini(x):
    x = np.asarray(x, float)
    return float(np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean()))


def retrieval_cases():
    cases = []
    for _ in range(30):
        n = int(rng.integers(1, 6))
        items = rng.permutation(40)
        targets = items[:n].tolist()
        relevant = [[t, *rng.choice(40, int(rng.integers(0, 4)), replace=False).tolist()] for t in targets]
        relevant = [list(dict.fromkeys(r)) for r in relevant]
        ranking = rng.permutation(40)[: int(rng.integers(0, 25))].tolist()
        k = int(rng.integers(1, 20))
        cases.append(dict(targets=targets, relevant=relevant, ranking=ranking, k=k, expected=retrieval(targets, relevant, ranking, k)))
    return cases


def ranking_cases():
    cases = []
    for _ in range(30):
        positives = rng.integers(0, 4, int(rng.integers(1, 4))).tolist()
        negatives = rng.integers(0, 4, int(rng.integers(0, 5))).tolist()
        cases.append(dict(positives=positives, negatives=negatives, expected=ranking_by_orders(positives, negatives)))
    return cases


def quantile_cases():
    cases = []
    for n in (2, 3, 10, 41):
        values = np.sort(rng.normal(size=n))
        cases.append(dict(values=values.tolist(), p=[0.025, 0.5, 0.975], expected=np.quantile(values, [0.025, 0.5, 0.975]).tolist()))
    return cases


# A walk forward, from the log to the means.

ITEMS, USERS, DIM, START = 60, 14, 8, 20_000 * DAY
BUDGETS = [3, 8]


def world():
    vectors = rng.normal(size=(ITEMS, DIM)).astype(np.float32)
    vectors += 2 * rng.normal(size=(6, DIM)).astype(np.float32)[np.arange(ITEMS) % 6]
    actions = []
    for u in range(USERS):
        for _ in range(int(rng.integers(6, 26))):
            t = START + int(rng.integers(0, 30 * DAY))
            kind = ["save", "hide"][int(rng.choice(2, p=[0.9, 0.1]))]
            for shown in range(int(rng.integers(0, 4))):
                actions.append(dict(userId=f"u{u:02}", itemId=f"i{int(rng.integers(ITEMS)):02}", type="impression", timestamp=t - 1000 * (shown + 1)))
            actions.append(dict(userId=f"u{u:02}", itemId=f"i{int(rng.integers(ITEMS)):02}", type=kind, timestamp=t))
    return vectors, actions


def cosine(a, b):
    return float(a @ b / math.sqrt((a @ a) * (b @ b)))


def mean_of(rows):
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def walk(vectors, actions):
    unit = (vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)).astype(np.float64)
    number = lambda a: int(a["itemId"][1:])
    saves = [a for a in actions if a["type"] == "save"]
    oldest, newest = min(a["timestamp"] for a in saves), max(a["timestamp"] for a in saves)
    first = math.floor((newest - 0.2 * (newest - oldest)) / DAY) * DAY
    steps = math.ceil((newest + 1 - first) / DAY)
    refit = max(1, math.ceil(steps / 10))
    rows = {name: [] for name in ("popularity", "last", "average-0")}
    ranked = {name: [] for name in rows}
    counts = dict(steps=0, targets=0, ranked=0)
    for step in range(steps):
        start, end = first + step * DAY, first + (step + 1) * DAY
        cut = first + (step // refit) * refit * DAY - 1
        popularity = np.zeros(ITEMS)
        for a in saves:
            if cut - 90 * DAY < a["timestamp"] <= cut:
                popularity[number(a)] += math.exp(-0.01 * (cut - a["timestamp"]) / DAY)
        for user in sorted({a["userId"] for a in actions}):
            own = sorted((a for a in actions if a["userId"] == user), key=lambda a: a["timestamp"])
            past = [a for a in own if a["timestamp"] < start]
            today = [a for a in own if start <= a["timestamp"] < end]
            barred = {number(a) for a in past if a["type"] != "impression"}
            targets = list(dict.fromkeys(number(a) for a in today if a["type"] == "save" and number(a) not in barred))
            history = [a for a in past if a["type"] == "save" and a["timestamp"] > start - 1 - 90 * DAY]
            if not targets or not history:
                continue
            acted = {number(a) for a in today if a["type"] != "impression"}
            shown = list(dict.fromkeys(number(a) for a in today if a["type"] == "impression" and number(a) not in acted))
            last = unit[number(history[-1])]
            average = np.mean([unit[number(a)] for a in history], axis=0)
            scores = {
                "popularity": popularity,
                "last": np.array([cosine(last, unit[i]) for i in range(ITEMS)]),
                "average-0": np.array([cosine(average, unit[i]) for i in range(ITEMS)]),
            }
            counts["steps"] += 1
            counts["targets"] += len(targets)
            counts["ranked"] += bool(shown)
            relevant = [[i for i in range(ITEMS) if cosine(unit[t], unit[i]) >= 0.8] for t in targets]
            for name, score in scores.items():
                order = [int(i) for i in np.argsort(-score, kind="stable") if int(i) not in barred]
                if name == "popularity":
                    order = [i for i in order if popularity[i] > 0]
                row = {}
                for k in BUDGETS:
                    row |= {f"{metric}@{k}": value for metric, value in retrieval(targets, relevant, order, k).items()}
                row["diversity"] = pairwise(unit[order[: BUDGETS[1]]])
                rows[name].append(row)
                if shown:
                    ranked[name].append(ranking_by_orders([score[t] for t in targets], [score[i] for i in shown]))
    return {name: mean_of(rows[name]) | mean_of(ranked[name]) for name in rows}, counts


def main():
    vectors, actions = world()
    means, counts = walk(vectors, actions)
    spread = rng.normal(size=(12, 5))
    exposures = rng.integers(0, 30, 25).tolist()
    data = dict(
        retrieval=retrieval_cases(),
        ranking=ranking_cases(),
        quantiles=quantile_cases(),
        pairwise=dict(vectors=spread.tolist(), expected=pairwise(spread)),
        gini=dict(values=exposures, expected=gini(exposures)),
        walk=dict(vectors=[[float(x) for x in v] for v in vectors], actions=actions, budgets=BUDGETS, means=means, counts=counts),
    )
    path = pathlib.Path(__file__).parent / "data" / "metrics.json"
    path.write_text(json.dumps(data))
    print(counts, {k: round(v, 4) for k, v in means["average-0"].items()})


main()
