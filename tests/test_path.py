"""Recording a path of any length in a bounded number of snapshots."""

from __future__ import annotations

import numpy as np
import pytest

from landscape import Path
from landscape.path import snapshot_steps


@pytest.mark.parametrize("total", [0, 1, 7, 63, 64, 65, 1000, 60_000, 10**9])
@pytest.mark.parametrize("capacity", [8, 64, 500])
def test_snapshots_are_bounded_and_span_the_whole_run(total, capacity):
    steps = snapshot_steps(total, capacity)
    assert len(steps) <= capacity
    assert steps[0] == 0
    assert steps[-1] == total
    assert (np.diff(steps) > 0).all()


def test_snapshots_are_dense_at_first_and_thin_out():
    gaps = np.diff(snapshot_steps(60_000, 500))
    assert (gaps[:120] == 1).all()
    assert gaps[-1] == gaps.max() < 60_000 / 50


@pytest.mark.parametrize(("total", "capacity"), [(10, 7), (-1, 100)])
def test_impossible_schedules_are_errors(total, capacity):
    with pytest.raises(ValueError, match=str(min(total, capacity))):
        snapshot_steps(total, capacity)


def test_thinning_keeps_both_ends(rng):
    path = Path(np.arange(100), rng.normal(size=(100, 3)))
    thin = path.thinned(10)
    assert len(thin) == 10
    np.testing.assert_array_equal(thin.first, path.first)
    np.testing.assert_array_equal(thin.last, path.last)
    np.testing.assert_array_equal(thin.thetas, path.thetas[thin.steps])
    assert path.thinned(100) is path


def test_shapes_must_agree(rng):
    with pytest.raises(ValueError, match=r"\(3,\) and \(4, 2\)"):
        Path(np.arange(3), rng.normal(size=(4, 2)))


def test_a_path_cannot_be_thinned_to_less_than_both_ends():
    path = Path(np.arange(5), np.zeros((5, 2)))
    assert path.thinned(2).steps.tolist() == [0, 4]
    with pytest.raises(ValueError, match="most = 1"):
        path.thinned(1)
