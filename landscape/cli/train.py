"""How is an experiment trained from a terminal?"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landscape.cli.options import (
    Config,
    Debug,
    Overrides,
    Plugins,
    Preset,
    Quiet,
    Threads,
    experiment_from,
    load_plugins,
)
from landscape.cli.output import EXIT_DIVERGED, EXIT_INTERRUPTED, EXIT_STOPPED, Bar, Output, number, percent

if TYPE_CHECKING:
    from landscape.experiment import Experiment
    from landscape.runs import EpochRow, Run
    from landscape.training import Progress

# More lines than this about epochs say less; those between are in the run.
_MOST_LINES = 100
_EXIT = {"interrupted": EXIT_INTERRUPTED, "diverged": EXIT_DIVERGED, "stopped": EXIT_STOPPED}


def train(
    preset: Preset = None,
    config: Config = None,
    overrides: Overrides = None,
    plugin: Plugins = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to save the run; by default a new folder in runs/."),
    ] = None,
    threads: Threads = 1,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the experiment as TOML, and do not train.")
    ] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a network and save the run: its path, its history, its origin.

    Without options this is the classic network on the handwritten digits of
    MNIST, which come along: 784-16-16-10, sigmoids, quadratic cost, gradient
    descent. Ctrl-C ends training and keeps the run.

    For instance:

      landscape train
      landscape train --preset wide
      landscape train --set optimizer=adam --set optimizer.learning_rate=1e-3
      landscape train --set dataset=spirals --set hidden=16,16 --set epochs=50
      landscape train --print-config > mine.toml
      landscape train --config mine.toml --plugin my_cost.py --set cost=my_cost
    """
    from landscape.doubts import doubts

    load_plugins(plugin, tell=not quiet)
    experiment = experiment_from(preset, config, overrides)
    if print_config:
        Output().line(experiment.to_toml().rstrip())
        return
    output = Output(quiet=quiet)
    folder = out or _unused(preset or (config.stem if config else ""), experiment)
    for doubt in doubts(experiment):
        Output(sys.stderr).line(f"warning: {doubt}", style="yellow")
    output.note(f"training {describe(experiment)}")
    output.note(f"recording to {folder}")
    run = _trained(experiment, folder, threads or 1, output)
    _conclude(run, folder, output, plugin or ())
    if run.ending in _EXIT:
        raise typer.Exit(_EXIT[run.ending])


def describe(experiment: Experiment) -> str:
    """Return the experiment in one line."""
    epochs = f"{experiment.epochs} epochs, seed {experiment.seed}"
    if experiment.function is not None:
        return f"the function {experiment.function.name} with {_optimizer(experiment)}, {epochs}"
    single = not isinstance(experiment.activation, tuple)
    activations = (experiment.activation,) if single else experiment.activation
    hidden = "-".join(map(str, experiment.hidden)) or "none"
    return (
        f"{experiment.dataset.name}: hidden layers {hidden} ({', '.join(a.name for a in activations)}), "  # type: ignore[union-attr]  # an experiment has data unless it has a function
        f"output {experiment.output.name}, cost {experiment.cost.name}, {_optimizer(experiment)}, "
        f"batches of {experiment.batch_size}, {epochs}"
    )


def _optimizer(experiment: Experiment) -> str:
    name = experiment.schedule.name
    return experiment.optimizer.name + ("" if name == "constant" else f" with schedule {name}")


def _unused(stem: str, experiment: Experiment) -> Path:
    """Return a folder in runs/ that says what is trained and when, and is not there yet."""
    part = experiment.dataset if experiment.function is None else experiment.function
    name = f"{stem or part.name}-{datetime.now():%Y%m%d-%H%M%S}"
    folder = Path("runs") / f"{name}.zarr"
    count = 1
    while folder.exists():
        count += 1
        folder = folder.with_name(f"{name}-{count}.zarr")
    return folder


def _trained(experiment: Experiment, folder: Path, threads: int, output: Output) -> Run:
    """Train while telling about it."""
    from landscape.training import DivergenceWarning, ObserverWarning, fit

    facts = ("epoch", "step", "cost", "accuracy", "speed")
    with warnings.catch_warnings(record=True) as caught, output.bar(max(1, experiment.epochs), *facts) as bar:
        warnings.simplefilter("default")
        news = _News(experiment, output, bar)
        run = fit(experiment, folder=folder, threads=threads, on_progress=news.tell)
    news.finish(run)
    for warning in caught:
        # what overflowed on the way to a divergence is no news beside the statement of where and why
        if run.ending != "diverged" and warning.category not in (DivergenceWarning, ObserverWarning):
            Output(sys.stderr).line(f"warning: {warning.message}", style="yellow")
    return run


class _News:
    """Tells how training goes: every epoch a line and, where nobody watches, what is saved."""

    def __init__(self, experiment: Experiment, output: Output, bar: Bar) -> None:
        self._output, self._bar = output, bar
        self._epochs = experiment.epochs
        self._unit = "examples/s" if experiment.function is None else "steps/s"
        self._every = max(1, -(-experiment.epochs // _MOST_LINES))
        self._told = -1
        self._saved = -1

    def tell(self, progress: Progress) -> None:
        """Tell what is new."""
        self._epoch_lines(progress.news)
        self._saved_line(progress.saved)
        measured = progress.measured
        speed = progress.examples / progress.seconds if progress.seconds else 0
        self._bar(
            self._epochs * progress.step / max(1, progress.total_steps),
            epoch=f"epoch {min(measured.epoch + 1, self._epochs)}/{self._epochs}",
            step=f"step {progress.step:,}",
            cost=f"cost {number(progress.cost)}",
            accuracy="" if math.isnan(measured.test_accuracy) else f"test {percent(measured.test_accuracy)}",
            speed=f"{speed:,.0f} {self._unit}",
        )

    def finish(self, run: Run) -> None:
        """Tell what came after the last report."""
        self._epoch_lines(run.history.epochs())
        self._saved_line(int(run.path.steps[-1]))

    def _epoch_lines(self, rows: Iterable[EpochRow]) -> None:
        for row in rows:
            epoch = row[0]
            if epoch > self._told and (epoch % self._every == 0 or epoch == self._epochs):
                self._output.note(_epoch_line(row))
                self._told = epoch

    def _saved_line(self, step: int) -> None:
        if step > self._saved and not self._output.live:
            self._output.note(f"saved step {step}")
            self._saved = step


def _epoch_line(row: EpochRow) -> str:
    epoch, train_cost, test_cost, _, test_accuracy = row
    line = f"epoch {epoch:>4}   train cost {number(train_cost):<9}   test cost {number(test_cost):<9}"
    return line.rstrip() if math.isnan(test_accuracy) else f"{line}   test accuracy {percent(test_accuracy)}"


def _conclude(run: Run, folder: Path, output: Output, plugins: Sequence[Path]) -> None:
    """Say how training ended, what came of it, and what to do next."""
    if run.ending in ("diverged", "stopped"):
        Output(sys.stderr).line(run.message, style="red")
    if output.quiet:
        output.line(str(folder))
        return
    output.line()
    output.facts(_results(run, folder))
    if len(run.path) < 2:
        return
    output.try_next([(name, str(folder)) for name in ("show", "surface", "explore")], plugins)


def _results(run: Run, folder: Path) -> list[tuple[str, str]]:
    ended = run.message if run.ending == "interrupted" else f"{run.ending} after step {len(run.history.batch_cost):,}"
    facts = [("ended", ended)]
    for epoch, train_cost, test_cost, _, test_accuracy in run.history.epochs()[-1:]:  # none, if it ended at once
        facts += [("train cost", number(train_cost)), ("test cost", number(test_cost))]
        if not math.isnan(test_accuracy):
            facts.append(("test accuracy", f"{percent(test_accuracy)} after epoch {epoch}"))
    return [*facts, ("trained in", f"{run.seconds:.2f} s"), ("saved in", str(folder))]
