"""Which combinations does the command warn of? Those that are surely mistakes, and no others."""

import pytest

from landscape import Experiment
from landscape.doubts import doubts
from landscape.experiment import preset_names
from landscape.registry import BUILTIN, registry

LOGITS = {"cross_entropy", "kl_divergence", "binary_cross_entropy", "poisson"}
BOUNDED = {"sigmoid", "tanh", "hard_tanh", "hard_sigmoid", "softsign", "sin", "heaviside"}


def builtin(kind):
    return [provided.name for provided in registry().provided(kind) if provided.distribution == BUILTIN]


@pytest.mark.parametrize("cost", builtin("cost"))
@pytest.mark.parametrize("output", builtin("activation"))
def test_logits_that_are_bounded_are_doubtful_and_nothing_else_is(cost, output):
    said = doubts(Experiment(cost=cost, output=output))
    if cost not in LOGITS or output not in BOUNDED:
        assert said == []
        return
    (doubt,) = said
    for words in (f"cost {cost!r} takes logits", f"output {output!r} keeps them between", "set output to 'identity'"):
        assert words in doubt


def test_the_range_is_said():
    assert "between 0 and 1:" in doubts(Experiment(cost="cross_entropy"))[0]
    assert "between -1 and 1:" in doubts(Experiment(cost="cross_entropy", output="tanh"))[0]


def test_no_preset_and_no_function_is_doubtful():
    for name in preset_names():
        assert doubts(Experiment.preset(name)) == []
    assert doubts(Experiment(function="ravine")) == []
