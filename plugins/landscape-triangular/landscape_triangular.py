from landscape import Schedule, hookimpl
from pydantic import Field


class Triangular(Schedule):
    """The factor rises evenly from `low` to 1 and falls back, again and again: a cyclical learning rate."""

    name = "triangular"
    source = 'Smith 2017, arXiv:1506.01186, the policy "triangular"'
    low: float = Field(0.1, ge=0, le=1, description="The factor at the ends of a cycle; in its middle it is 1")
    cycle: float = Field(2.0, gt=0, le=1e6, description="Length of a cycle, in epochs")

    def factors(self, steps, steps_per_epoch, total_steps):
        position = steps / (self.cycle * steps_per_epoch) % 1  # within the cycle, from 0 up to 1
        return self.low + (1 - self.low) * (1 - abs(2 * position - 1))


@hookimpl
def register_schedules():
    return [Triangular]
