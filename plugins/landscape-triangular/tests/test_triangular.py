"""The triangular schedule: the kit's checks, and torch's CyclicLR."""

import warnings

import numpy as np
import pytest
from landscape.testing import parametrize_with_checks

from landscape_triangular import Triangular, register_schedules


@parametrize_with_checks([Triangular(), Triangular(low=0, cycle=0.5), Triangular(low=0.5, cycle=30)])
def test_triangular_passes_the_kit(plugin, check):
    check(plugin)


@pytest.mark.parametrize(("low", "half"), [(0.1, 20), (0.0, 7), (0.5, 1)])
def test_factors_are_those_of_cyclic_lr_in_torch(low, half):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CyclicLR(optimizer, low, 1.0, step_size_up=half, cycle_momentum=False)
    expected = []
    for _ in range(100):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, about its own calls
            schedule.step()
    factors = Triangular(low=low, cycle=2 * half / 10).factors(np.arange(100), 10, 100)
    np.testing.assert_allclose(factors, expected, rtol=1e-10, atol=1e-12)


def test_the_middle_of_a_cycle_has_the_whole_rate_and_its_ends_the_lowest():
    factors = Triangular(low=0.2, cycle=2).factors(np.array([0, 10, 20, 30, 40]), 10, 50)
    np.testing.assert_allclose(factors, [0.2, 1, 0.2, 1, 0.2])


def test_the_module_registers_the_schedule():
    assert register_schedules() == [Triangular]
