"""The Snake activation: the kit's checks, its definition in torch, and what the paper says of it."""

import numpy as np
import pytest
from landscape.testing import parametrize_with_checks

from landscape_snake import Snake, register_activations


@parametrize_with_checks([Snake(), Snake(alpha=0.2), Snake(alpha=30)])
def test_snake_passes_the_kit(plugin, check):
    check(plugin)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 7.0])
def test_values_and_derivatives_agree_with_the_definition_in_torch(alpha):
    torch = pytest.importorskip("torch")
    z = torch.linspace(-20, 20, 401, dtype=torch.float64, requires_grad=True)
    a = z + torch.sin(alpha * z) ** 2 / alpha
    a.sum().backward()
    snake, points = Snake(alpha=alpha), z.detach().numpy()
    np.testing.assert_allclose(snake.value(points), a.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(snake.derivative(points, snake.value(points)), z.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_it_ripples_with_the_period_pi_over_alpha_and_never_falls():
    snake, z = Snake(alpha=2), np.linspace(-3, 3, 601)
    np.testing.assert_allclose(snake.value(z + np.pi / 2), snake.value(z) + np.pi / 2, rtol=1e-12, atol=1e-12)
    assert snake.derivative(z, snake.value(z)).min() >= 0


def test_the_module_registers_the_activation():
    assert register_activations() == [Snake]
