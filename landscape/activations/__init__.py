"""Which functions may stand between layers? The built-in activations.

Each is written once, in place, as training uses it; `value` and `derivative` are made of that. All keep the
dtype of their input, and none overflows or warns at any |z| up to 1e30.
"""

from landscape.activations.bounded import HardSigmoid as HardSigmoid
from landscape.activations.bounded import HardTanh as HardTanh
from landscape.activations.bounded import Heaviside as Heaviside
from landscape.activations.bounded import Sigmoid as Sigmoid
from landscape.activations.bounded import Sin as Sin
from landscape.activations.bounded import Softsign as Softsign
from landscape.activations.bounded import Tanh as Tanh
from landscape.activations.gated import GELU as GELU
from landscape.activations.gated import HardSwish as HardSwish
from landscape.activations.gated import Mish as Mish
from landscape.activations.gated import SiLU as SiLU
from landscape.activations.rectified import ELU as ELU
from landscape.activations.rectified import SELU as SELU
from landscape.activations.rectified import Identity as Identity
from landscape.activations.rectified import LeakyReLU as LeakyReLU
from landscape.activations.rectified import ReLU as ReLU
from landscape.activations.rectified import Softplus as Softplus
