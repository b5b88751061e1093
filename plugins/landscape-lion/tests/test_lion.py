"""The Lion optimizer: the kit's checks, a reference that goes number by number, and what the paper says of it."""

import numpy as np
import pytest
from landscape.testing import parametrize_with_checks

from landscape_lion import Lion, register_optimizers


@parametrize_with_checks([Lion(), Lion(learning_rate=0.01, beta1=0.5, beta2=0.5, weight_decay=0.1)])
def test_lion_passes_the_kit(plugin, check):
    check(plugin)


def reference(theta, gradients, rate, beta1, beta2, decay):
    """Return θ after each step, computed as Algorithm 2 of the paper says it, in plain Python."""
    theta, mean, places = theta.tolist(), [0.0] * len(theta), []
    for gradient in gradients:
        for i, g in enumerate(gradient.tolist()):
            c = beta1 * mean[i] + (1 - beta1) * g
            sign = (c > 0) - (c < 0)
            theta[i] -= rate * (sign + decay * theta[i])
            mean[i] = beta2 * mean[i] + (1 - beta2) * g
        places.append(list(theta))
    return np.array(places)


@pytest.mark.parametrize("settings", [(0.001, 0.9, 0.99, 0.0), (0.1, 0.5, 0.7, 0.2), (0.01, 0.0, 0.0, 1.0)])
def test_two_hundred_steps_agree_with_the_algorithm_of_the_paper(settings):
    rng = np.random.default_rng(0)
    theta, gradients = rng.normal(size=6), rng.normal(size=(200, 6))
    expected = reference(theta, gradients, *settings)
    lion = Lion(**dict(zip(("learning_rate", "beta1", "beta2", "weight_decay"), settings, strict=True)))
    state = lion.init(theta)
    for gradient, place in zip(gradients, expected, strict=True):
        increment, state = lion.update(gradient, state, theta)
        theta = theta + increment
        np.testing.assert_allclose(theta, place, rtol=1e-12, atol=1e-14)


def test_gradients_of_any_size_make_steps_of_one_length():
    lion, theta = Lion(learning_rate=0.25), np.zeros(3)
    increment, _ = lion.update(np.array([1e-9, -3.0, 1e9]), lion.init(theta), theta)
    np.testing.assert_array_equal(increment, [-0.25, 0.25, -0.25])


def test_the_module_registers_the_optimizer():
    assert register_optimizers() == [Lion]
