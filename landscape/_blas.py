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

# What OPENBLAS_CORETYPE can name that runs without AVX-512, in lower case.
_OLDER = {"haswell", "zen", "sandybridge", "nehalem", "excavator", "steamroller", "piledriver", "bulldozer"}


def _has_avx512() -> bool:
    """Whether the processor has all of AVX-512 that OpenBLAS's kernels for it use, as far as can be told."""
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return all(f" avx512{part}" in info for part in ("f", "bw", "dq", "vl", "cd"))


def _import_numpy() -> None:
    """Import NumPy with the kernels of this processor, leaving the environment as it was.

    Machine images that must run anywhere set OPENBLAS_CORETYPE to kernels of an older processor, which take
    twice the time where there is AVX-512. Unset, OpenBLAS recognises the processor itself. Whoever means the
    older kernels says LANDSCAPE_BLAS=keep.
    """
    kernels = os.environ.get("OPENBLAS_CORETYPE", "")
    mend = (
        kernels.lower() in _OLDER
        and os.environ.get("LANDSCAPE_BLAS") != "keep"
        and "numpy" not in sys.modules
        and _has_avx512()
    )
    if mend:
        del os.environ["OPENBLAS_CORETYPE"]
    try:
        import numpy  # noqa: F401  (for its effect: it picks the kernels)
    finally:
        if mend:
            os.environ["OPENBLAS_CORETYPE"] = kernels


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
        _limiter.pop().restore_original_limits()  # type: ignore[attr-defined]  # threadpoolctl has no types
    if _holders:
        _limiter.append(threadpool_limits(min(_holders.values()), user_api="blas"))
