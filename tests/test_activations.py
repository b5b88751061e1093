import math

import numpy as np
import pytest
from pydantic import ValidationError

from landscape.activations import (
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Heaviside,
    Identity,
    LeakyReLU,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Sin,
    Softplus,
    Softsign,
    Tanh,
)
from landscape.builtin import register_activations

pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")
import torch
from oracles import activations as oracles
from oracles.activations import EVERY, ORACLES, Z

each = pytest.mark.parametrize("activation", EVERY, ids=repr)
against = pytest.mark.parametrize("oracle", ORACLES, ids=[repr(a) for a in EVERY])

# Both sides round near 1 before they subtract (1 + tanh, 1 + erf, 1 − a²); multiplied by |z| ≤ 12, that is this.
ROUNDING = 12 * 2 * np.finfo(np.float64).eps


@against
def test_values_agree_with_pytorch(oracle):
    np.testing.assert_allclose(oracle.plugin.value(Z), oracles.values(oracle), rtol=1e-10, atol=ROUNDING)


@against
def test_derivatives_agree_with_autograd(oracle):
    derivative = oracle.plugin.derivative(Z, oracle.plugin.value(Z))
    np.testing.assert_allclose(derivative, oracles.derivatives(oracle), rtol=1e-10, atol=ROUNDING)


def test_hard_sigmoid_has_the_values_of_pytorch_and_the_slope_that_pytorch_rounds():
    z = torch.from_numpy(Z.copy()).requires_grad_()
    expected = torch.nn.functional.hardsigmoid(z)
    expected.sum().backward()
    a = HardSigmoid().value(Z)
    np.testing.assert_allclose(a, expected.detach().numpy(), rtol=0, atol=1e-15)
    np.testing.assert_allclose(HardSigmoid().derivative(Z, a), z.grad.numpy(), rtol=0, atol=1e-8)


def test_sigmoid_agrees_with_pytorch_where_it_is_nearly_zero():
    z = np.linspace(-700, 40, 2961)
    np.testing.assert_allclose(Sigmoid().value(z), torch.sigmoid(torch.from_numpy(z)).numpy(), rtol=1e-10)


def _logistic(z):
    return math.exp(z) / (1 + math.exp(z))


@pytest.mark.parametrize(
    ("activation", "value", "slope"),
    [
        (Softplus(), lambda z: math.log1p(math.exp(z)), _logistic),
        (Softplus(beta=0.5), lambda z: 2 * math.log1p(math.exp(z / 2)), lambda z: _logistic(z / 2)),
        (SiLU(), lambda z: z * _logistic(z), lambda z: _logistic(z) * (1 + z * _logistic(-z))),
        (
            Mish(),
            lambda z: z * math.tanh(math.log1p(math.exp(z))),
            lambda z: math.tanh(math.log1p(math.exp(z))) + z * _logistic(z) / math.cosh(math.log1p(math.exp(z))) ** 2,
        ),
        (ELU(alpha=0.5), lambda z: 0.5 * math.expm1(z), lambda z: 0.5 * math.exp(z)),
        (
            GELU(),
            lambda z: z * math.erfc(-z * math.sqrt(0.5)) / 2,
            lambda z: math.erfc(-z * math.sqrt(0.5)) / 2 + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
        ),
    ],
    ids=["softplus", "softplus-beta", "silu", "mish", "elu", "gelu"],
)
def test_lower_tail_is_exact_relative_to_its_own_size(activation, value, slope):
    z = np.linspace(-30, -3, 500)
    a = activation.value(z)
    np.testing.assert_allclose(a, [value(x) for x in z], rtol=1e-12)
    np.testing.assert_allclose(activation.derivative(z, a), [slope(x) for x in z], rtol=1e-12)


def test_exact_gelu_agrees_with_the_error_function_at_every_size():
    z = np.concatenate([-np.geomspace(1e-300, 36, 3000), np.geomspace(1e-300, 1e300, 3000)])
    expected = [x * math.erfc(-x * math.sqrt(0.5)) / 2 for x in z]
    np.testing.assert_allclose(GELU().value(z), expected, rtol=1e-12)


@each
def test_float32_stays_float32_and_as_exact_as_it_can_be(activation):
    z = Z.astype(np.float32)
    value = activation.value(z)
    derivative = activation.derivative(z, value)
    assert value.dtype == derivative.dtype == np.float32
    wide = z.astype(np.float64)
    exact = activation.value(wide)
    np.testing.assert_allclose(value, exact, rtol=2e-6, atol=4e-6)
    np.testing.assert_allclose(derivative, activation.derivative(wide, exact), rtol=2e-6, atol=8e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_saturates_without_a_warning(activation, dtype):
    z = np.array([-1e30, -1e4, -750, -90, 90, 750, 1e4, 1e30], dtype)
    value = activation.value(z)
    assert np.isfinite(value).all()
    assert np.isfinite(activation.derivative(z, value)).all()


@pytest.mark.parametrize(
    ("activation", "low", "high", "slope_low", "slope_high"),
    [
        (Identity(), -1e4, 1e4, 1, 1),
        (Sigmoid(), 0, 1, 0, 0),
        (Tanh(), -1, 1, 0, 0),
        (ReLU(), 0, 1e4, 0, 1),
        (LeakyReLU(), -100, 1e4, 0.01, 1),
        (Softplus(), 0, 1e4, 0, 1),
        (GELU(), 0, 1e4, 0, 1),
        (GELU(approximation="tanh"), 0, 1e4, 0, 1),
        (SiLU(), 0, 1e4, 0, 1),
        (Mish(), 0, 1e4, 0, 1),
        (HardSwish(), 0, 1e4, 0, 1),
        (ELU(alpha=0.5), -0.5, 1e4, 0, 1),
        (SELU(), -1.7580993408473766, 10507.009873554805, 0, 1.0507009873554805),
        (HardTanh(), -1, 1, 0, 0),
        (HardSigmoid(), 0, 1, 0, 0),
        (Softsign(), -1e4 / 10001, 1e4 / 10001, 10001.0**-2, 10001.0**-2),
        (Heaviside(), 0, 1, 0, 0),
    ],
    ids=str,
)
def test_saturates_at_its_limits(activation, low, high, slope_low, slope_high):
    z = np.array([-1e4, 1e4])
    value = activation.value(z)
    np.testing.assert_array_equal(value, [low, high])
    np.testing.assert_array_equal(activation.derivative(z, value), [slope_low, slope_high])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_in_place_variants_equal_the_pure_ones_bit_for_bit(activation, dtype):
    z = Z.astype(dtype)
    value = activation.value(z)
    slope = activation.derivative(z, value)

    out = np.full_like(z, 7)
    activation.value_into(z, out)
    np.testing.assert_array_equal(out, value)
    own = z.copy()
    activation.value_into(own, own)
    np.testing.assert_array_equal(own, value)

    out = np.full_like(z, 7)
    activation.derivative_into(z, value, out)
    np.testing.assert_array_equal(out, slope)


@each
def test_arguments_stay_as_they_are(activation):
    z = Z.copy()
    a = activation.value(z)
    assert not np.shares_memory(a, z)
    kept = a.copy()
    derivative = activation.derivative(z, a)
    activation.derivative_into(z, a, np.empty_like(z))
    activation.value_into(z, np.empty_like(z))
    assert not np.shares_memory(derivative, z)
    assert not np.shares_memory(derivative, a)
    np.testing.assert_array_equal(z, Z)
    np.testing.assert_array_equal(a, kept)


@each
def test_any_shape_and_stride_is_welcome(activation):
    z = np.random.default_rng(2).normal(size=(4, 3, 5))
    expected = activation.value(z.ravel())
    strided = z.transpose(2, 0, 1)[::2]
    np.testing.assert_array_equal(activation.value(strided), expected.reshape(z.shape).transpose(2, 0, 1)[::2])
    assert activation.value(z[:0]).shape == (0, 3, 5)
    one = activation.value(z[0, 0, 0])
    assert float(one) == expected[0]
    assert activation.derivative(z[0, 0, 0], one).shape == ()


@each
def test_tanh_form_says_what_the_value_is(activation):
    assert (activation.tanh_form is None) == (activation.name not in {"sigmoid", "tanh"})
    if activation.tanh_form is not None:
        slope, scale, offset = activation.tanh_form
        np.testing.assert_allclose(activation.value(Z), offset + scale * np.tanh(slope * Z), rtol=0, atol=1e-15)


def test_step_is_one_at_zero():
    np.testing.assert_array_equal(Heaviside().value(np.array([-1e-300, -0.0, 0.0, 1e-300])), [0, 1, 1, 1])


def test_relu_passes_no_gradient_at_zero():
    z = np.zeros(2)
    np.testing.assert_array_equal(ReLU().derivative(z, z), [0, 0])


@pytest.mark.parametrize(
    "build",
    [
        lambda: LeakyReLU(negative_slope=-0.1),
        lambda: LeakyReLU(negative_slope=1.1),
        lambda: Softplus(beta=0),
        lambda: GELU(approximation="erf"),
        lambda: ELU(alpha=0),
        lambda: Sin(frequency=0),
        lambda: Sigmoid(slope=1),
    ],
)
def test_hyperparameters_outside_their_bounds_are_refused(build):
    with pytest.raises(ValidationError):
        build()


@pytest.mark.parametrize("cls", register_activations(), ids=lambda cls: cls.name)
def test_every_field_has_a_default_a_description_and_bounds(cls):
    assert cls.__doc__
    for name, field in cls.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name
        assert field.annotation is not float or field.metadata, name


def test_every_activation_of_the_package_is_tested_here():
    assert {type(activation) for activation in EVERY} == set(register_activations())
