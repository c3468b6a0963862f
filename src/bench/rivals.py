"""The Python rivals of `pinnersage bench cluster`, on one thread.

Reads one JSON document a line and answers with one: {"op": "load", "file", "n", "d"} reads float32 rows;
{"op": "time", "name", "calls"} answers the milliseconds
of CPU time per call. The first line out names the rivals and versions.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"


def contenders():
    found, versions = {}, {"python": sys.version.split()[0]}
    try:
        import numpy as np

        versions["numpy"] = np.__version__
    except ImportError:
        return found, versions
    try:
        import scipy
        from scipy.cluster.hierarchy import linkage

        versions["scipy"] = scipy.__version__
        found["SciPy linkage"] = lambda x: linkage(x, "ward")
    except ImportError:
        pass
    try:
        import sklearn
        from sklearn.cluster import AgglomerativeClustering

        versions["scikit-learn"] = sklearn.__version__
        found["scikit-learn"] = lambda x: AgglomerativeClustering(
            n_clusters=None, distance_threshold=0, linkage="ward"
        ).fit(x)
    except ImportError:
        pass
    try:
        import fastcluster

        versions["fastcluster"] = getattr(fastcluster, "__version__", "?")
        found["fastcluster"] = lambda x: fastcluster.linkage(x, "ward")

        def composed(x):
            squares = np.einsum("ij,ij->i", x, x)
            d = x @ x.T
            d *= -2
            d += squares[:, None]
            d += squares[None, :]
            np.maximum(d, 0, out=d)
            np.sqrt(d, out=d)
            return fastcluster.linkage(d[np.triu_indices(len(x), 1)].astype(np.float64), "ward")

        found["numpy sgemm + fastcluster"] = composed
    except ImportError:
        pass
    return found, versions


def main():
    found, versions = contenders()
    print(json.dumps({"names": list(found), "versions": versions}), flush=True)
    x = None
    for line in sys.stdin:
        ask = json.loads(line)
        if ask["op"] == "load":
            import numpy as np

            x = np.fromfile(ask["file"], dtype="<f4").reshape(ask["n"], ask["d"])
            print("{}", flush=True)
        else:
            run = found[ask["name"]]
            started = time.process_time()
            for _ in range(ask["calls"]):
                run(x)
            print(json.dumps({"ms": (time.process_time() - started) * 1e3 / ask["calls"]}), flush=True)


main()
