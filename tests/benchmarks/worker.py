"""Runs one contender in a process of its own: a JSON request per line in, a JSON answer per line out.

Requests are {"do": name, ...arguments of the function of that name below}; the answer is what it returns, or
{"error": traceback}. The thread count is set by the environment before this starts. Whatever libraries print
goes to standard error.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from importlib.metadata import version

# Before NumPy, as only then can it choose kernels, as every user of the package gets them.
if sys.argv[1].startswith("landscape"):
    import landscape  # noqa: F401

import numpy as np
import problem
from threadpoolctl import threadpool_info

START = np.random.default_rng(0)
THETA = problem.random_theta(START)
DIRECTIONS = np.stack([problem.random_theta(START) for _ in range(2)])

mnist = functools.cache(problem.mnist)
work: dict[str, Callable[[], object]] = {}
contender = importlib.import_module(f"contenders.{sys.argv[1]}")


def timed(seconds: float) -> dict:
    """Run the work set up before, again and again for at least `seconds`; return the times taken."""
    wall, cpu, times = time.perf_counter(), time.process_time(), 0
    while times == 0 or time.perf_counter() - wall < seconds:
        work["run"]()
        times += 1
    return {"times": times, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def training(batch: int) -> dict:
    """Set up training in batches of `batch`; return the costs of the replayed ones."""
    started = contender.start(mnist("train"), THETA, batch)
    costs = started.replay(problem.replayed_rows(batch))
    work["run"] = started.epoch
    timed(0.05)
    return {"costs": [float(c) for c in costs]}


def surface(centre: list[float], resolution: int) -> dict:
    """Set up the surface around θ = `centre`; return its costs, row by row."""
    plane = problem.PlaneProblem(np.array(centre), DIRECTIONS, np.linspace(-1, 1, resolution))
    work["run"] = contender.start(mnist("test"), plane)
    return {"costs": [float(c) for c in np.asarray(work["run"]()).ravel()]}


def judge_training(batch: int, cross_entropy: bool) -> dict:
    """Return the replayed costs in float64, or the one that scikit-learn reports of them."""
    started = contender.start_training(mnist("train"), THETA, batch, cross_entropy)
    costs = started.replay(problem.replayed_rows(batch))
    return {"costs": [costs.mean()] if cross_entropy else costs.tolist()}


def judge_surface(resolution: int) -> dict:
    """Return a trained θ and its surface in float64."""
    centre = contender.trained(mnist("train"), THETA, 2000)
    plane = problem.PlaneProblem(centre, DIRECTIONS, np.linspace(-1, 1, resolution))
    return {"centre": centre.tolist(), "costs": contender.start_surface(mnist("test"), plane)().ravel().tolist()}


def versions(names: list[str]) -> dict:
    """Return the installed versions of the distributions `names`."""
    return {name: version(name) for name in names}


def kernels() -> dict:
    """Return for which processor the BLAS of this process has chosen its kernels."""
    return {"architectures": sorted({str(pool.get("architecture")) for pool in threadpool_info()})}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    functions = (timed, training, surface, judge_training, judge_surface, versions, kernels)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {f.__name__: f for f in functions}[request.pop("do")](**request)
        except Exception:  # whatever a contender raises is for the one who asked to report
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
