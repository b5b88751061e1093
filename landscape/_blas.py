"""How many threads, and which kernels, does BLAS use?

Loaded before anything else of the package, because kernels are chosen when NumPy is first imported.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _unrecognised_avx512() -> bool:
    """Whether OpenBLAS would fall back to AVX2 kernels on a processor that has AVX-512.

    It does so on AMD processors, whose AVX-512 models it takes for older ones; its kernels for Intel's run
    there twice as fast.
    """
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "AuthenticAMD" in info and all(f" avx512{part}" in info for part in ("f", "bw", "dq", "vl", "cd"))


def _import_numpy() -> None:
    """Import NumPy with the right kernels, leaving the environment as it was."""
    choose = "numpy" not in sys.modules and "OPENBLAS_CORETYPE" not in os.environ and _unrecognised_avx512()
    if choose:
        os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
    try:
        import numpy  # noqa: F401  (for its effect: it picks the kernels)
    finally:
        if choose:
            del os.environ["OPENBLAS_CORETYPE"]


_import_numpy()

_lock = threading.Lock()
_holders: dict[int, int] = {}
_limiter: list[object] = []


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """Limit BLAS to `count` threads in this process while the context is open.

    Contexts of several threads may overlap in any order: the smallest count holds, and the last to leave
    restores what was there before the first came.
    """
    key = object()
    with _lock:
        _holders[id(key)] = count
        _apply()
    try:
        yield
    finally:
        with _lock:
            del _holders[id(key)]
            _apply()


def _apply() -> None:
    from threadpoolctl import threadpool_limits

    while _limiter:
        _limiter.pop().restore_original_limits()  # type: ignore[attr-defined]
    if _holders:
        _limiter.append(threadpool_limits(min(_holders.values()), user_api="blas"))
