"""What in an experiment can be run, but is most likely a mistake?"""

from __future__ import annotations

import numpy as np

from landscape.experiment import Experiment
from landscape.kinds import Activation

_FARTHEST = 100.0  # not so far that an exponential overflows
_NARROW = 2.0  # as wide as the range of tanh


def doubts(experiment: Experiment) -> list[str]:
    """Return a sentence for each combination that is hardly meant: what is wrong with it, and what to do."""
    cost, output = experiment.cost, experiment.output
    if experiment.function is not None or not cost.takes_logits:
        return []
    low, high = _range(output)
    if high - low > _NARROW:
        return []
    return [
        f"cost {cost.name!r} takes logits, of which it makes probabilities or rates itself, but output "
        f"{output.name!r} keeps them between {low:g} and {high:g}: set output to 'identity'"
    ]


def _range(activation: Activation) -> tuple[float, float]:
    """Return the least and the greatest value of an activation, rounded, as far as a few hundred of them tell."""
    far = np.geomspace(1e-2, _FARTHEST, 200)
    values = activation.value(np.concatenate([-far, far]))
    return round(float(np.min(values)), 2) + 0.0, round(float(np.max(values)), 2) + 0.0  # never "-0"
