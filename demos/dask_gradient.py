"""The gradient of a loss over ten million samples, on a local Dask cluster.

    pip install -e '.[dask]'
    python demos/dask_gradient.py

A compiled function can be pickled, so Dask sends it to its workers as it is. Each worker computes the loss and its
gradient at all points of a chunk with one call, and Dask adds up the partial sums. The result is that of a single
process, to the bit.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

try:
    import dask  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import dask.array as da  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import numpy as np
    from dask.distributed import Client, LocalCluster  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

    import scalargrad as sg
except ModuleNotFoundError as missing:
    sys.exit(f"This demo needs {missing.name}: run pip install -e '.[dask]' in the project's folder.")

SLOPE, INTERCEPT = 3.0, 1.0


def loss(w: float, b: float, x: float, y: float) -> Any:
    """The squared error of the line at one sample."""
    return (w * x + b - y) ** 2


step = sg.compile(sg.value_and_grad(loss, argnums=(0, 1)), arrays=np)


def samples(count: int, chunk: int) -> tuple[Any, Any]:
    """Noisy points on the line, in chunks that the workers draw themselves."""
    generator = da.random.default_rng(1)
    x = generator.normal(size=count, chunks=chunk)
    return x, SLOPE * x + INTERCEPT + generator.normal(scale=0.1, size=count, chunks=chunk)


def partial_sums(x: Any, y: Any, w: float, b: float) -> Any:
    """Loss and gradient, added up over a chunk: an array of shape (1, 3)."""
    value, (dw, db) = step(w, b, x, y)
    return np.array([[value.sum(), dw.sum(), db.sum()]])


def means(x: Any, y: Any, w: float, b: float) -> Any:
    """Loss and gradient over all samples, as a Dask array of three numbers, not yet computed."""
    parts = da.map_blocks(partial_sums, x, y, w, b, dtype=float, new_axis=1, chunks=((1,) * x.numblocks[0], (3,)))
    return parts.sum(axis=0) / x.size


def descend(x: Any, y: Any, steps: int, learning_rate: float = 0.3) -> tuple[float, float]:
    """Gradient descent from the lesson's start, (-1, -1)."""
    w, b = -1.0, -1.0
    for _ in tqdm(range(steps), desc="steps"):
        _, dw, db = means(x, y, w, b).compute()
        w, b = w - learning_rate * float(dw), b - learning_rate * float(db)
    return w, b


def main(arguments: list[str] | None = None) -> None:
    """Compute the gradient with the cluster and in one process, compare, and fit the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10_000_000, help="how many (default: 10,000,000)")
    parser.add_argument("--chunk", type=int, default=500_000, help="samples per task (default: 500,000)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the cluster (default: 2)")
    parser.add_argument("--steps", type=int, default=8, help="steps of gradient descent (default: 8)")
    options = parser.parse_args(arguments)
    cluster = LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        x, y = client.persist(samples(options.samples, options.chunk))
        start = time.perf_counter()
        by_cluster = means(x, y, -1.0, -1.0).compute()
        seconds = time.perf_counter() - start
        print(f"{options.samples:,} samples in {x.numblocks[0]} chunks on {options.workers} workers: {seconds:.2f} s")
        print("loss {:.6f}, gradient ({:.6f}, {:.6f})".format(*by_cluster))
        w, b = descend(x, y, options.steps)
        print(f"after {options.steps} steps: w = {w:.4f}, b = {b:.4f} (true: {SLOPE} and {INTERCEPT})")
    with dask.config.set(scheduler="synchronous"):
        alone = means(*samples(options.samples, options.chunk), -1.0, -1.0).compute()
    same = alone.tobytes() == by_cluster.tobytes()
    print(f"in one process: the {'same' if same else 'NOT the same'} numbers, to the bit")
    if not same:
        sys.exit(1)


if __name__ == "__main__":
    main()
