"""Golden cases of Ward's method from SciPy (1.17) -> test/golden/data/ward.json.

Run: python3 test/golden/ward.py
Each case holds its points as base64 of little-endian float32 or float64, squared merge heights, and at several
thresholds the flat clusters (numbered by first member) with the summed squared distance of every cluster's best member.
Thresholds lie in gaps between heights, so no rounding decides a label.
"""

import base64
import json
import pathlib

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist


def clustered(rng, n, d, topics, spread):
    centres = rng.normal(size=(topics, d))
    x = centres[rng.integers(topics, size=n)] + spread * rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def cases():
    rng = np.random.default_rng(20201103)
    yield "clustered", clustered(rng, 150, 32, 9, 0.5), "f4", None
    yield "one cloud", clustered(rng, 120, 16, 1, 3.0), "f4", None
    base = clustered(rng, 60, 24, 6, 0.4)
    yield "duplicates", base[rng.integers(60, size=140)], "f4", None
    near = np.concatenate([base, base * (1 + 1e-4 * rng.normal(size=base.shape))])
    yield "near-duplicates", near, "f4", None
    yield "near-duplicates 1e-6 in float64", np.concatenate([base, base * (1 + 1e-6 * rng.normal(size=base.shape))]), "f8", None
    yield "offset", 1000 + 3 * rng.normal(size=(91, 20)) + 30 * rng.normal(size=(5, 20))[rng.integers(5, size=91)], "f4", None
    yield "offset 1e7 in float64", 1e7 + rng.normal(size=(80, 12)), "f8", None
    yield "uneven scales", rng.normal(size=(70, 10)) * 10.0 ** np.arange(-5, 5), "f4", None
    yield "large", 1e18 * rng.normal(size=(50, 8)), "f4", None
    yield "small", 1e-18 * rng.normal(size=(50, 8)), "f4", None
    yield "one point", rng.normal(size=(1, 7)), "f4", None
    yield "two points", rng.normal(size=(2, 7)), "f4", None
    yield "all identical", np.repeat(rng.normal(size=(1, 13)), 40, axis=0), "f4", None
    yield "one dimension", rng.normal(size=(100, 1)), "f4", None
    yield "sizes", clustered(rng, 50, 16, 5, 0.5), "f4", rng.integers(1, 6, size=50)


def by_first_member(labels):
    names = {}
    return [names.setdefault(label, len(names)) for label in labels.tolist()]


def thresholds(heights):
    """Up to six values in the widest relative gaps between heights, low ones included."""
    h = np.unique(np.maximum(heights, 0))
    h = h[h > 1e-18 * h.max()] if len(h) and h.max() > 0 else np.array([1.0])
    edges = np.concatenate([[h[0] / 4], h, [h[-1] * 4]])
    ratio = edges[1:] / edges[:-1]
    picks = [part[np.argmax(ratio[part])] for part in np.array_split(np.arange(len(ratio)), 6) if len(part)]
    return [float(np.sqrt(edges[i] * edges[i + 1])) for i in picks if ratio[i] > 1.0001]


def solve(name, x, kind, sizes):
    x = np.ascontiguousarray(x, dtype=f"<{kind}")
    repeats = np.ones(len(x), dtype=int) if sizes is None else sizes
    owner = np.repeat(np.arange(len(x)), repeats)
    full = x.astype(np.float64)[owner]
    tree = linkage(full, "ward") if len(full) > 1 else None
    heights = np.zeros(0) if tree is None else tree[:, 2] ** 2
    if sizes is not None:  # repeated points merge at 0 first; what is left are the merges of the sized points
        heights = heights[len(full) - len(x):]
    flats = []
    for alpha in thresholds(heights):
        labels = np.ones(1) if tree is None else fcluster(tree, np.sqrt(alpha), "distance")
        first = np.unique(owner, return_index=True)[1]
        flat = by_first_member(labels[first])
        sums = []
        for cluster in range(max(flat) + 1):
            members = full[np.asarray(flat)[owner] == cluster]
            members = members - members.mean(axis=0)
            sums.append(float(cdist(members, members, "sqeuclidean").sum(axis=1).min()))
        flats.append({"alpha": alpha, "labels": flat, "medoidSums": sums})
    return {
        "name": name,
        "n": len(x),
        "dim": x.shape[1],
        "kind": kind,
        "points": base64.b64encode(x.tobytes()).decode(),
        **({} if sizes is None else {"sizes": sizes.tolist()}),
        "heights": heights.tolist(),
        "flats": flats,
    }


if __name__ == "__main__":
    target = pathlib.Path(__file__).parent / "data" / "ward.json"
    target.write_text("[\n" + ",\n".join(json.dumps(solve(*case)) for case in cases()) + "\n]\n")
