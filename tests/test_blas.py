"""Which kernels BLAS picks, and how many threads it gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import landscape
from landscape._blas import _has_avx512, blas_threads

SCRIPT = """
import json, os
import landscape
from threadpoolctl import threadpool_info
import numpy
pools = [pool for pool in threadpool_info() if pool["internal_api"] == "openblas"]
print(json.dumps([[pool["architecture"] for pool in pools], os.environ.get("OPENBLAS_CORETYPE")]))
"""


def kernels(**environment: str) -> tuple[list[str], str | None]:
    """Return what OpenBLAS runs in a fresh process with these variables, and the variable afterwards."""
    clean = {key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", "LANDSCAPE_BLAS")}
    root = str(Path(landscape.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**clean, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    architectures, variable = json.loads(run.stdout)
    if not architectures:
        pytest.skip("NumPy does not use OpenBLAS here")
    return architectures, variable


@pytest.mark.skipif(not _has_avx512(), reason="the processor has no AVX-512")
def test_kernels_of_an_older_processor_are_set_aside():
    assert kernels(OPENBLAS_CORETYPE="Haswell") == (kernels()[0], "Haswell")
    assert kernels(OPENBLAS_CORETYPE="Haswell")[0] != ["Haswell"]


def test_who_means_the_older_kernels_gets_them():
    architectures, variable = kernels(OPENBLAS_CORETYPE="Haswell", LANDSCAPE_BLAS="keep")
    assert set(architectures) == {"Haswell"}
    assert variable == "Haswell"


def test_overlapping_limits_hold_the_smallest_and_restore_the_first():
    from threadpoolctl import threadpool_info

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    two, one = blas_threads(2), blas_threads(1)
    two.__enter__()
    one.__enter__()
    assert set(threads()) == {1}
    two.__exit__(None, None, None)
    assert set(threads()) == {1}
    one.__exit__(None, None, None)
    assert threads() == before
