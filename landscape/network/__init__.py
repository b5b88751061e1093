"""How does a multilayer perceptron read θ? Its layout, starting points, passes and objective."""

from landscape.network.objective import NetworkObjective
from landscape.network.perceptron import INITIALIZATIONS, Initialization, Perceptron, initialize

__all__ = ["INITIALIZATIONS", "Initialization", "NetworkObjective", "Perceptron", "initialize"]
