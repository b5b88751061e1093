import numpy as np

from landscape import load_plugin

cost = load_plugin("log_cosh.py").LogCosh(scale=0.5)
rng = np.random.default_rng(0)
outputs, targets = rng.normal(size=(2, 5, 3))

differences = np.empty_like(outputs)
for place in np.ndindex(outputs.shape):
    nudge = np.zeros_like(outputs)
    nudge[place] = 1e-6
    above = cost.per_example(outputs + nudge, targets)
    below = cost.per_example(outputs - nudge, targets)
    differences[place] = (above - below).sum() / 2e-6

np.testing.assert_allclose(cost.gradient(outputs, targets), differences, rtol=1e-7, atol=1e-9)
