"""Golden cases of the truncated SVD from NumPy's dense LAPACK SVD -> test/golden/data/svd.json.

Run: python3 test/golden/svd.py
Entries are multiples of 1/64, so float32 holds them exactly. Left vectors have their entry of largest magnitude positive.
"""

import json
import pathlib

import numpy as np


def sparse(rng, rows, cols, density):
    a = rng.integers(1, 128, size=(rows, cols)) / 64
    return a * (rng.random((rows, cols)) < density)


def cases():
    rng = np.random.default_rng(20110217)
    yield "tall", sparse(rng, 90, 60, 0.1), 8
    yield "wide", sparse(rng, 30, 120, 0.15), 8
    yield "whole spectrum", sparse(rng, 25, 18, 0.4), 18
    low = rng.integers(-3, 4, size=(50, 5)) @ rng.integers(-3, 4, size=(5, 40)) / 16
    yield "rank 5", low, 5
    yield "steep", sparse(rng, 70, 50, 0.3) * 2.0 ** -(np.arange(50) // 4), 12
    yield "one row", sparse(rng, 1, 30, 0.5), 1


stored = []
for name, a, rank in cases():
    u, s, _ = np.linalg.svd(a, full_matrices=False)
    u = u[:, :rank]
    u = u * np.sign(u[np.abs(u).argmax(axis=0), range(rank)])
    rows, cols = np.nonzero(a)
    entries = [[int(i), int(j), float(a[i, j])] for i, j in zip(rows, cols)]
    stored.append({"name": name, "rows": a.shape[0], "cols": a.shape[1], "entries": entries, "rank": rank,
                   "singularValues": s[:rank].tolist(), "u": np.round(u, 12).tolist()})

path = pathlib.Path(__file__).parent / "data" / "svd.json"
path.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
