"""How does θ move? One step at a time, with `steps`; to the end, recording, with `fit`."""

from landscape.training.recording import DivergenceWarning, Measured, ObserverWarning, Progress, fit
from landscape.training.trainer import Step, Trainer, steps

__all__ = ["DivergenceWarning", "Measured", "ObserverWarning", "Progress", "Step", "Trainer", "fit", "steps"]
