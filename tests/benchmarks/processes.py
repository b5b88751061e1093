"""How do contenders run side by side? A worker process each, with its thread count set, measured in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class BenchmarkError(Exception):
    """A contender failed, or computes something else than the others."""


class Sample(NamedTuple):
    """One turn of one contender: seconds per run of its work, and how many cores it kept busy."""

    seconds: float
    cores: float


class Worker:
    """A contender in a process of its own, which stays while the context is open."""

    def __init__(self, python: Path, name: str, threads: int, cache: Path) -> None:
        self.name, self.threads = name, threads
        self._process = subprocess.Popen(
            [python, HERE / "worker.py", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(threads, cache), text=True,
        )  # fmt: skip

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer to one request; BenchmarkError carries the contender's traceback."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        try:
            pipe_in.write(json.dumps({"do": do, **arguments}) + "\n")
            pipe_in.flush()
        except BrokenPipeError:
            pass  # the answer below is missing then, and says what happened
        line = pipe_out.readline()
        answer = json.loads(line) if line else {"error": f"the process ended, with status {self._process.wait()}"}
        if "error" in answer:
            raise BenchmarkError(f"{self.name} with {self.threads} threads failed: {answer['error']}")
        return dict(answer)

    def sample(self, seconds: float) -> Sample:
        """Let it work for at least `seconds`."""
        taken = self.ask("timed", seconds=seconds)
        return Sample(taken["wall"] / taken["times"], taken["cpu"] / taken["wall"])

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def environment(threads: int, cache: Path) -> dict[str, str]:
    """Return the environment in which every library uses `threads` threads; they read it when first imported.

    Other settings stay as the user has them; `chosen_kernels` tells of those that matter.
    """
    names = ("OMP", "MKL", "OPENBLAS", "NUMEXPR")
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": str(threads) for name in names},
        "NPROC": str(threads),  # XLA's thread pools
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def chosen_kernels() -> str:
    """Return a remark on settings that choose slower or faster kernels than a library would by itself."""
    names = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_ENABLE_INSTRUCTIONS", "NPY_DISABLE_CPU_FEATURES")
    found = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    return f"The environment chooses kernels: {', '.join(found)}. Unset for what users get.\n" if found else ""


@contextmanager
def workers(python: Path, names: Sequence[str], threads: Sequence[int], cache: Path) -> Iterator[list[Worker]]:
    """Yield a worker for each contender in `names` at each count of `threads`; they end with the context."""
    with ExitStack() as stack:
        yield [stack.enter_context(Worker(python, name, count, cache)) for name in names for count in threads]


def in_turns(contenders: Sequence[Worker], rounds: int, seconds: float) -> dict[tuple[str, int], list[Sample]]:
    """Return `rounds` samples of each contender and thread count, measured in turns: A B C A B C …"""
    samples: dict[tuple[str, int], list[Sample]] = {(worker.name, worker.threads): [] for worker in contenders}
    for _ in range(rounds):
        for worker in contenders:
            samples[worker.name, worker.threads].append(worker.sample(seconds))
    return samples


def require_equal(name: str, costs: Sequence[float], right: Sequence[float], relative: float = 1e-4) -> None:
    """Raise BenchmarkError unless every one of `costs` is within `relative` of the right one."""
    if len(costs) != len(right):
        raise BenchmarkError(f"{name} returned {len(costs)} costs, not {len(right)}")
    worst = max(abs(c - r) / abs(r) for c, r in zip(costs, right, strict=True))
    if not worst <= relative:  # also where it is NaN
        raise BenchmarkError(
            f"{name} computes something else: its costs are up to {worst:.1e} (relative) from the right ones, "
            f"and {relative:.0e} is allowed; no table is printed"
        )


def median(samples: Sequence[Sample]) -> float:
    """Return the median seconds."""
    return statistics.median(s.seconds for s in samples)
