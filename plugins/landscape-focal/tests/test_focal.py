"""The focal loss: the kit's checks, binary cross-entropy, and its definition in torch."""

import numpy as np
import pytest
from landscape.costs import BinaryCrossEntropy
from landscape.testing import parametrize_with_checks

from landscape_focal import Focal, register_costs


@parametrize_with_checks([Focal(), Focal(gamma=0), Focal(gamma=0.5), Focal(gamma=5)])
def test_focal_passes_the_kit(plugin, check):
    check(plugin)


@pytest.fixture
def logits(rng):
    return rng.normal(scale=3.0, size=(2, 7, 4))


@pytest.fixture
def targets(rng):
    return np.eye(4)[rng.integers(4, size=7)]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_gamma_zero_is_binary_cross_entropy(logits, targets):
    ours, reference = Focal(gamma=0), BinaryCrossEntropy()
    np.testing.assert_allclose(ours.per_example(logits, targets), reference.per_example(logits, targets), rtol=1e-12)
    np.testing.assert_allclose(ours.gradient(logits, targets), reference.gradient(logits, targets), rtol=1e-12)


def test_an_example_at_90_percent_counts_a_hundredth_of_its_cross_entropy():
    logit = np.array([[np.log(9.0)]])  # the paper's example: p = 0.9, γ = 2
    assert Focal().per_example(logit, np.ones((1, 1))) == pytest.approx([-np.log(0.9) / 100], rel=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_values_and_gradients_agree_with_the_definition_in_torch(logits, targets, gamma):
    torch = pytest.importorskip("torch")
    o, t = torch.tensor(logits, requires_grad=True), torch.tensor(targets)
    p = torch.where(t == 1, torch.sigmoid(o), 1 - torch.sigmoid(o))
    losses = -((1 - p) ** gamma * torch.log(p)).sum(-1)
    losses.sum().backward()
    cost = Focal(gamma=gamma)
    np.testing.assert_allclose(cost.per_example(logits, targets), losses.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(cost.gradient(logits, targets), o.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_logits_stay_finite_in_their_dtype(dtype):
    outputs, targets = np.array([[-500.0, 500.0], [500.0, -500.0]], dtype), np.array([[1, 0], [1, 0]], dtype)
    losses, gradient = Focal().per_example(outputs, targets), Focal().gradient(outputs, targets)
    np.testing.assert_allclose(losses, [1000, 0])
    np.testing.assert_allclose(gradient, [[-1, 1], [0, 0]])
    assert losses.dtype == gradient.dtype == dtype


def test_the_module_registers_the_cost():
    assert register_costs() == [Focal]
