"""What watches training? The built-in observers: a table in files, and TensorBoard."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, TextIO

from pydantic import Field

from landscape.errors import PluginError
from landscape.kinds import EpochEvent, Observer, StepEvent, Training, Watcher

STEP_COLUMNS = ("step", "epoch", "cost", "gradient_norm", "learning_rate")
_WAITING = 1000  # rows for TensorBoard that may wait to be written
EPOCH_COLUMNS = ("epoch", "step", "train_cost", "test_cost", "train_accuracy", "test_accuracy")


class CSV(Observer):
    """Two tables: a row for each step, and a row for each epoch, 0 being the start.

    Every row is on its way to the disk before the next step: what is killed keeps its rows. A number is written
    with all its digits, one that there is not as ``nan``. Earlier tables of this observer are overwritten, any
    other file is not.
    """

    name: ClassVar[str] = "csv"
    source: ClassVar[str] = "Shafranovich 2005, RFC 4180"

    path: str = Field(
        "",
        description=(
            "Where to: NAME.csv for steps, with NAME.epochs.csv beside it, or a folder for steps.csv and epochs.csv; "
            "by default both beside the run, under its name, or landscape.csv for a run in no folder"
        ),
    )
    every: int = Field(1, ge=1, le=1_000_000_000, description="Steps from one row to the next")

    def watch(self, training: Training) -> Watcher:
        """Return what writes the tables; PluginError when a file there is not one of them."""
        return _Tables(*_files(self.path, training), self.every)


def _beside(training: Training) -> str:
    """Return the path of what stands beside the run, but for its suffix."""
    return "landscape" if training.folder is None else str(training.folder).removesuffix(".zarr")


def _files(path: str, training: Training) -> tuple[Path, Path]:
    """Return the files for steps and for epochs."""
    if not path:
        steps = Path(f"{_beside(training)}.csv")
    elif Path(path).suffix == ".csv" and not Path(path).is_dir():
        steps = Path(path)
    else:
        return Path(path, "steps.csv"), Path(path, "epochs.csv")
    return steps, steps.with_suffix(".epochs.csv")


class _Tables(Watcher):
    """Writes a line at each event."""

    def __init__(self, steps: Path, epochs: Path, every: int) -> None:
        for path, columns in ((steps, STEP_COLUMNS), (epochs, EPOCH_COLUMNS)):
            _refuse_others(path, columns)  # both, before either is touched
        self._every = every
        with ExitStack() as opened:
            self._steps = opened.enter_context(_table(steps, STEP_COLUMNS))
            self._epochs = opened.enter_context(_table(epochs, EPOCH_COLUMNS))
            self._opened = opened.pop_all()

    def step(self, event: StepEvent) -> None:
        """Write the row of a step, of which θ is no part."""
        if event.step % self._every == 0:
            _write(self._steps, event[:-1])

    def epoch(self, event: EpochEvent) -> None:
        """Write the row of an epoch, of which θ is no part."""
        _write(self._epochs, event[:-1])

    def close(self) -> None:
        """Close both files."""
        self._opened.close()


def _refuse_others(path: Path, columns: Sequence[str]) -> None:
    """Raise PluginError when there is a file at `path` that is neither empty nor such a table."""
    if not path.exists():
        return
    with path.open("rb") as file:
        start = file.readline(1000)
    if start and start.decode("utf-8", "replace").rstrip("\r\n") != ",".join(columns):
        raise PluginError(f"{str(path)!r} is not a table of this observer: move it away, or set another path")


def _table(path: Path, columns: Sequence[str]) -> TextIO:
    """Return an open file with its head written, which passes every line on to the disk at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w", encoding="utf-8", buffering=1, newline="\n")
    _write(file, columns)
    return file


def _write(file: TextIO, values: Sequence[object]) -> None:
    file.write(",".join(map(str, values)) + "\n")


class TensorBoard(Observer):
    """Curves for TensorBoard: cost, gradient norm and learning rate by step; costs and accuracies by epoch.

    Needs the package tensorboardX: ``pip install 'landscape-explorer[tensorboard]'``. Look at them with
    ``tensorboard --logdir FOLDER``.
    """

    name: ClassVar[str] = "tensorboard"
    source: ClassVar[str] = "Abadi et al. 2016, arXiv:1603.04467"

    path: str = Field(
        "",
        description=(
            "The folder, in which every training adds a file; by default beside the run, NAME.tensorboard, or "
            "landscape.tensorboard for a run in no folder"
        ),
    )
    every: int = Field(1, ge=1, le=1_000_000_000, description="Steps from one point of a curve to the next")

    def watch(self, training: Training) -> Watcher:
        """Return what writes the curves; PluginError when tensorboardX is not installed."""
        return _Curves(Path(self.path or f"{_beside(training)}.tensorboard"), self.every)


def _let_rest(package: str) -> None:
    """Let modules of a package be imported without running its top, until something of the top is asked for.

    That of tensorboardX imports PyTorch where it is installed, which takes a second, and curves need nothing of it.
    ImportError where there is no such package.
    """
    spec = None if package in sys.modules else find_spec(package)
    if spec is None or spec.loader is None:
        import_module(package)
        return
    loader, top, lock, running = spec.loader, module_from_spec(spec), RLock(), False

    def run(name: str) -> Any:
        nonlocal running
        with lock:  # another thread waits until all is there
            if not running:
                running = True
                try:
                    loader.exec_module(top)
                except BaseException:
                    running = False  # whoever asks next sees the reason, too
                    raise
                vars(top).pop("__getattr__", None)
        if name in vars(top):
            return vars(top)[name]
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    vars(top)["__getattr__"] = run
    sys.modules[package] = top


class _Curves(Watcher):
    """Adds a point to each curve at each event; what there is not, it leaves out."""

    def __init__(self, folder: Path, every: int) -> None:
        try:
            _let_rest("tensorboardX")
            from tensorboardX.event_file_writer import EventFileWriter
            from tensorboardX.proto.event_pb2 import Event
            from tensorboardX.proto.summary_pb2 import Summary
        except ImportError as error:
            raise PluginError(
                "it needs tensorboardX, which is not installed: pip install 'landscape-explorer[tensorboard]'"
            ) from error
        # a row is one entry, and many may wait: training need not
        self._writer: Any = EventFileWriter(str(folder), max_queue_size=_WAITING, flush_secs=1)
        self._event: Any = Event
        self._summary: Any = Summary
        self._every = every

    def step(self, event: StepEvent) -> None:
        """Add a point to the curves by step."""
        if event.step % self._every == 0:
            self._add("step", STEP_COLUMNS[2:], event[2:-1], event.step)

    def epoch(self, event: EpochEvent) -> None:
        """Add a point to the curves by epoch, at the step that ends it, so that all curves have one axis."""
        self._add("epoch", EPOCH_COLUMNS[2:], event[2:-1], event.step)

    def _add(self, group: str, names: Sequence[str], values: Sequence[Any], step: int) -> None:
        points = [
            self._summary.Value(tag=f"{group}/{name}", simple_value=value)
            for name, value in zip(names, values, strict=True)
            if not math.isnan(value)
        ]
        if points:
            self._writer.add_event(self._event(wall_time=time.time(), step=step, summary=self._summary(value=points)))

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        self._writer.close()
