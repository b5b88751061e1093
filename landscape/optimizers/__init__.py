"""How does θ move, given the gradient? The built-in optimizers, with the semantics of `torch.optim`.

Each is written once, in place: `advance` turns the gradient into the increment. `update`, pure, and `step`,
in place, are made of that and give the same numbers. With g the gradient, η the learning rate and λ the
weight decay, weight decay means g ← g + λθ, except in AdamW.
"""

from landscape.optimizers.descent import ASGD as ASGD
from landscape.optimizers.descent import SGD as SGD
from landscape.optimizers.descent import Rprop as Rprop
from landscape.optimizers.moments import Adam as Adam
from landscape.optimizers.moments import Adamax as Adamax
from landscape.optimizers.moments import AdamW as AdamW
from landscape.optimizers.moments import NAdam as NAdam
from landscape.optimizers.moments import RAdam as RAdam
from landscape.optimizers.scaled import Adadelta as Adadelta
from landscape.optimizers.scaled import Adagrad as Adagrad
from landscape.optimizers.scaled import RMSprop as RMSprop
