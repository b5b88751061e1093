"""How wrong is one example's output? The built-in costs.

Outputs are (..., n, k), targets (n, k); losses are (..., n), in the dtype of the outputs. They are sums over the k
outputs (the hinge losses, means), where most of PyTorch's functions give such sums by ``reduction="none"`` and
``.sum(-1)`` only: by default they return the mean over examples and outputs.

Arrays may be strided in any way: temporaries follow the memory order of the arguments, fastest when both have the
same, and nothing is copied to reduce over the last axis.
"""

from landscape.costs.differences import Absolute as Absolute
from landscape.costs.differences import Huber as Huber
from landscape.costs.differences import LogCosh as LogCosh
from landscape.costs.differences import Quadratic as Quadratic
from landscape.costs.likelihoods import BinaryCrossEntropy as BinaryCrossEntropy
from landscape.costs.likelihoods import CrossEntropy as CrossEntropy
from landscape.costs.likelihoods import KLDivergence as KLDivergence
from landscape.costs.likelihoods import Poisson as Poisson
from landscape.costs.margins import Hinge as Hinge
from landscape.costs.margins import SquaredHinge as SquaredHinge
