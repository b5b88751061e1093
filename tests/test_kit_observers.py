"""The kit's checks of observers: each seeded bug is caught by the check that the table names, right ones pass."""

import csv
import gc
import json
import logging
import math
import os
import queue
import shutil
import signal
import statistics
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.builtin import register_observers
from landscape.errors import ExperimentError, PluginError
from landscape.kinds import Observer, Watcher
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks

WATCHERS, ANY, EARLY, AGAIN = "returns_watchers", "bears_any_training", "bears_early_ends", "bears_trainings_one_by_one"
EXPERIMENT, ITSELF, APART = "leaves_the_experiment_alone", "keeps_nothing_in_itself", "keeps_trainings_apart"
ALONE = "leaves_the_process_alone"
COPIES, CLOSES = "copies_theta_to_keep_it", "closes_its_files"


class Rows(Watcher):
    """Writes the cost of each step, and of each epoch, to a file."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.steps = 0

    def step(self, event):
        self.steps += 1
        self.file.write(f"{event.step} {event.cost!r} {event.learning_rate!r}\n")

    def epoch(self, event):
        self.file.write(f"epoch {event.epoch} {event.test_cost!r} {event.test_accuracy!r}\n")

    def close(self):
        self.file.close()


class Right(Observer):
    """A file of costs, right in every way; the bugs below change one thing of it."""

    name = "right"
    source = "the tests of the kit"
    path: str = Field("costs.txt", description="The file")

    def watch(self, training):
        return Rows(self.path)


def observing(watcher):
    """Return a subclass of `Right`, called as `watcher` is, whose watchers are of that class."""

    def watch(self, training):
        return watcher(self.path)

    name = f"{watcher.__name__}Observer"
    made = type(name, (Right,), {"watch": watch, "__module__": __name__, "__doc__": watcher.__doc__})
    globals()[name] = made
    return made


class ReturnsNothing(Right):
    def watch(self, training):
        Rows(self.path).close()


class Plain:
    """Has the methods of a watcher, but is none."""

    def __init__(self, path):
        pass

    def step(self, event):
        pass

    epoch = step

    def close(self):
        pass


ReturnsSomethingElse = observing(Plain)


class ReturnsTheSame(Right):
    _watcher: Watcher | None = PrivateAttr(default=None)

    def watch(self, training):
        self._watcher = self._watcher or Watcher()
        return self._watcher


class CountsInItself(Right):
    _trainings: int = PrivateAttr(default=0)

    def watch(self, training):
        self._trainings += 1
        return Rows(self.path)


class CollectsInItsClass(Right):
    costs: ClassVar[list[float]] = []

    def watch(self, training):
        costs = self.costs

        class Collector(Watcher):
            def step(self, event):
                costs.append(event.cost)

        return Collector()


class SharedList(Watcher):
    costs: ClassVar[list[float]] = []

    def __init__(self, path):
        pass

    def step(self, event):
        self.costs.append(event.cost)


COSTS = []


class WritesAllAtTheEnd(Rows):
    """Collects in a list of its module, which all trainings share."""

    def step(self, event):
        COSTS.append(event.cost)

    def close(self):
        self.file.write(json.dumps(COSTS))
        super().close()


LOWEST = [math.inf]


class KnowsTheLowest(Rows):
    """Compares with the lowest cost of this and other trainings."""

    def __init__(self, path):
        super().__init__(path)
        LOWEST[0] = math.inf

    def step(self, event):
        LOWEST[0] = min(LOWEST[0], event.cost)
        self.file.write(f"{LOWEST[0]!r}\n")


class DefaultList(Watcher):
    def __init__(self, path, costs=[]):  # noqa: B006
        self.costs = costs

    def step(self, event):
        self.costs.append(event.cost)


class WritesToTheta(Watcher):
    def __init__(self, path):
        pass

    def step(self, event):
        theta = event.theta
        theta -= theta.mean()


class WritesToTheBase(Watcher):
    def __init__(self, path):
        pass

    def epoch(self, event):
        event.theta.base[0] = 0


class MakesThetaWriteable(Watcher):
    def __init__(self, path):
        pass

    def step(self, event):
        event.theta.flags.writeable = True
        event.theta[:] = np.round(event.theta, 2)


class KeepsThetas(Watcher):
    def __init__(self, path):
        self.thetas = []

    def step(self, event):
        self.thetas.append(event.theta)


class KeepsViews(Watcher):
    def __init__(self, path):
        self.firsts = deque(maxlen=20)

    def epoch(self, event):
        self.firsts.append(event.theta[:3])


class MeasuresMoves(Rows):
    """Writes how far θ has moved, from what it keeps of it."""

    before = None

    def step(self, event):
        if self.before is not None:
            self.file.write(f"{np.linalg.norm(event.theta - self.before)!r}\n")
        self.before = event.theta


class NoStart(Watcher):
    """Expects a step before the first epoch."""

    def __init__(self, path):
        pass

    def step(self, event):
        self.cost = event.cost

    def epoch(self, event):
        self.ratio = event.test_cost / self.cost


class NoNaN(Watcher):
    """Writes accuracies as whole percents."""

    def __init__(self, path):
        self.shown = []

    def epoch(self, event):
        self.shown.append(int(100 * event.test_accuracy))


class NeedsARate(Watcher):
    """Takes the exponent of the learning rate."""

    def __init__(self, path):
        pass

    def step(self, event):
        self.exponent = round(math.log10(event.learning_rate))


class NeedsTwoSteps(Rows):
    """Computes a standard deviation, for which one step is not enough."""

    def __init__(self, path):
        super().__init__(path)
        self.costs = []

    def step(self, event):
        self.costs.append(event.cost)

    def close(self):
        super().close()
        if self.costs:
            self.deviation = statistics.stdev(self.costs)


class NeedsAStep(Rows):
    """Divides by the number of steps when it is closed."""

    def close(self):
        super().close()
        self.share = 1 / self.steps


class OpensAtTheFirstStep(Watcher):
    """Opens its file late, and closes it in any case."""

    def __init__(self, path):
        self.path = path

    def step(self, event):
        if event.step == 1:
            self.file = open(self.path, "w", encoding="utf-8")
        self.file.write(f"{event.cost}\n")

    def close(self):
        self.file.close()


class NeedsAnEpoch(Watcher):
    """Reports the last epoch when it is closed."""

    def __init__(self, path):
        self.epochs = {}

    def epoch(self, event):
        self.epochs[event.epoch] = event.test_cost

    def close(self):
        self.gain = self.epochs[0] - self.epochs[max(self.epochs)]


class Float32Only(Watcher):
    """Unpacks the bytes of θ as if they were float32."""

    def __init__(self, path):
        pass

    def epoch(self, event):
        self.theta = np.frombuffer(event.theta.tobytes(), np.float32).reshape(event.theta.shape)


class PlansAHundredSteps(Right):
    def watch(self, training):
        class Planned(Watcher):
            def __init__(self):
                self.costs = np.zeros(100)

            def step(self, event):
                self.costs[event.step - 1] = event.cost

        return Planned()


class ReadsAName(Right):
    def watch(self, training):
        self.path.format(training.experiment["title"])
        return Rows(self.path)


class NeedsANetwork(Right):
    def watch(self, training):
        self.path.format(training.experiment["cost"]["name"])
        return Rows(self.path)


class ChangesTheExperiment(Right):
    def watch(self, training):
        training.experiment.setdefault("watched_by", []).append(self.name)
        return Rows(self.path)


class ChangesAPart(Right):
    def watch(self, training):
        training.experiment["optimizer"].pop("name")
        return Rows(self.path)


class LeavesItsFileOpen(Rows):
    def close(self):
        self.file.flush()


class LeavesOneFileOpen(Rows):
    def __init__(self, path):
        super().__init__(path)
        self.files = [open(f"{path}.{k}", "w", encoding="utf-8") for k in range(2)]

    def close(self):
        super().close()
        self.files[0].close()


class MakesAFolder(Right):
    def watch(self, training):
        Path("logs").mkdir()
        return Rows(Path("logs", self.path))


class ExpectsAFolder(Right):
    def watch(self, training):
        return Rows(Path("logs", self.path))


class ExpectsARun(Right):
    def watch(self, training):
        return Rows(training.folder / self.path)


class TakesTheRunForAFile(Right):
    def watch(self, training):
        return Rows(training.folder or self.path)


class NewFilesOnly(Right):
    def watch(self, training):
        Path(self.path).touch(exist_ok=False)
        return Rows(self.path)


@observing
class KeepsTheBestByReference(Rows):
    """Keeps the best θ, but does not copy it."""

    def __init__(self, path):
        super().__init__(path)
        self.least, self.best = math.inf, None

    def epoch(self, event):
        if event.test_cost < self.least:
            self.least, self.best = event.test_cost, event.theta


@observing
class HidesItsFile(Watcher):
    """Writes by way of a writer, and never closes the file."""

    def __init__(self, path):
        self.table = csv.writer(open(path, "w", encoding="utf-8"))

    def step(self, event):
        self.table.writerow(event[:-1])


@observing
class ClosesOneFileOfTwo(Watcher):
    """Has two files, and forgets one."""

    def __init__(self, path):
        self.files = {what: open(f"{what}.txt", "w", encoding="utf-8") for what in ("steps", "epochs")}

    def close(self):
        self.files["steps"].close()


@observing
class TakesLogarithms(Rows):
    """Takes the logarithm of a learning rate, which may be 0."""

    def step(self, event):
        self.last = math.log10(event.learning_rate)


@observing
class PrintsEveryStep(Rows):
    """Prints every step."""

    def step(self, event):
        print(event.cost)  # noqa: T201  # it is the bug


@observing
class LeavesAThread(Rows):
    """Starts a thread that waits for ever."""

    def __init__(self, path):
        super().__init__(path)
        self.thread = threading.Thread(target=threading.Event().wait, args=(5,), daemon=True)
        self.thread.start()


@observing
class ChoosesByGlobalChance(Rows):
    """Draws from the global random numbers."""

    def step(self, event):
        self.chosen = np.random.rand() < 0.1  # noqa: NPY002


class ChangesTheWorkingFolder(Right):
    def watch(self, training):
        os.makedirs("out", exist_ok=True)
        os.chdir("out")
        return Watcher()


class MakesNumpyRaise(Right):
    def watch(self, training):
        np.seterr(all="raise")
        return Watcher()


@observing
class NamesAnotherMethod(Rows):
    """Names a method as another library does; it is never called."""

    step = Watcher.step
    epoch = Watcher.epoch

    def on_epoch_end(self, event):
        self.file.write(f"{event.test_cost}\n")


@observing
class MisspeltStep(Watcher):
    """Beside `epoch`, has a method whose name is misspelt."""

    def __init__(self, path):
        self.costs = []

    def steps(self, event):
        self.costs.append(event.cost)

    def epoch(self, event):
        self.mean = event.train_cost


@observing
class StepOfNumbers(Watcher):
    """Takes a step's number and cost, as training does not say them."""

    def __init__(self, path):
        self.costs = []

    def step(self, step, cost):
        self.costs.append(cost)


@observing
class MisspeltClose(Watcher):
    """Would write at the end, in a method that is never called."""

    def __init__(self, path):
        self.path, self.costs = path, []

    def step(self, event):
        self.costs.append(event.cost)

    def finish(self):
        Path(self.path).write_text(repr(self.costs), encoding="utf-8")


@observing
class OverridesNothing(Watcher):
    """Has a method of its own only."""

    def __init__(self, path):
        self.costs = []

    def record(self, event):
        self.costs.append(event.cost)


class WatchesByItself(Right):
    """Has the method in the observer, not in its watcher."""

    def watch(self, training):
        return Watcher()

    def epoch(self, event):
        Path(self.path).write_text(repr(event.test_cost), encoding="utf-8")


ALL_COSTS = []


@observing
class CollectsInItsModule(Watcher):
    """Collects in a list of its module, and writes nothing."""

    def __init__(self, path):
        pass

    def step(self, event):
        ALL_COSTS.append(event.cost)


BEST = math.inf


@observing
class BestOfAll(Watcher):
    """Writes the lowest cost, of this training or of one before."""

    def __init__(self, path):
        self.path = path

    def epoch(self, event):
        global BEST
        if event.test_cost < BEST:
            BEST = event.test_cost
            Path(self.path).write_text(repr(BEST), encoding="utf-8")


@observing
class BestInItsClass(Watcher):
    """Keeps the lowest cost in the class of watchers."""

    best = math.inf

    def __init__(self, path):
        pass

    def epoch(self, event):
        type(self).best = min(event.test_cost, type(self).best)


class WritesItsField(Right):
    """Notes what it watches in a field."""

    note: str = Field("", description="What it watches")

    def watch(self, training):
        object.__setattr__(self, "note", f"{training.total_steps} steps")
        return Rows(self.path)


@observing
class UnlocksTheta(Watcher):
    """Makes θ writeable, and does not even write."""

    def __init__(self, path):
        pass

    def step(self, event):
        event.theta.setflags(write=True)


@observing
class NumpyLogarithm(Watcher):
    """Takes the logarithm of a cost that may be 0, of which NumPy warns."""

    def __init__(self, path):
        self.costs = []

    def step(self, event):
        self.costs.append(np.log(event.cost))


@observing
class MeanOfNothing(Rows):
    """Takes the mean of no norms, of which NumPy warns."""

    norms = ()

    def step(self, event):
        self.norms = (*self.norms, event.gradient_norm)

    def close(self):
        self.file.write(str(np.mean(self.norms)))
        super().close()


@observing
class WholeCosts(Watcher):
    """Counts thousandths of a cost, which may be NaN or infinite where training diverges."""

    def __init__(self, path):
        pass

    def epoch(self, event):
        self.thousandths = int(1000 * event.test_cost)


class NeedsALearningRate(Right):
    """Not every optimizer has one."""

    def watch(self, training):
        self.path.format(training.experiment["optimizer"]["learning_rate"])
        return Rows(self.path)


@observing
class ForgetsAFileAtEveryStep(Watcher):
    """Opens its file at every step, and lets Python close it."""

    def __init__(self, path):
        self.path = path

    def step(self, event):
        open(self.path, "a", encoding="utf-8").write(f"{event.cost}\n")


@observing
class WarnsAtEveryStep(Watcher):
    """Logs a warning at every step."""

    def __init__(self, path):
        pass

    def step(self, event):
        logging.getLogger("watched").warning("step %d", event.step)


@observing
class WritesToStderr(Watcher):
    """Shows its progress at every step."""

    def __init__(self, path):
        pass

    def step(self, event):
        sys.stderr.write(f"\r{event.step}")


class TakesSignals(Right):
    """Takes Ctrl-C for itself, and never gives it back."""

    def watch(self, training):
        signal.signal(signal.SIGINT, lambda *_: None)
        return Rows(self.path)


class CollectsNoGarbage(Right):
    """Turns the collection of garbage off."""

    def watch(self, training):
        gc.disable()
        return Rows(self.path)


class SetsTheRootLogger(Right):
    """Lets all be logged."""

    def watch(self, training):
        logging.getLogger().setLevel(logging.DEBUG)
        return Rows(self.path)


@observing
class Asynchronous(Watcher):
    """Is never waited for."""

    def __init__(self, path):
        pass

    async def step(self, event):
        self.cost = event.cost


@observing
class YieldsAtEpochs(Watcher):
    """Is a generator that nobody asks."""

    def __init__(self, path):
        pass

    def epoch(self, event):
        self.cost = event.test_cost
        yield


class ForgetsItsField(Right):
    """Has a field that nothing reads."""

    every: int = Field(1, ge=1, le=100, description="Steps from one row to the next")

    def watch(self, training):
        return Rows(self.path)


class EmptiesTheRun(Right):
    """Begins with an empty folder, in which the run is recorded."""

    def watch(self, training):
        if training.folder is not None:
            shutil.rmtree(training.folder)
            training.folder.mkdir()
        return Rows(self.path)


class RemovesAllTables(Right):
    """Removes what may be tables of its own."""

    def watch(self, training):
        for table in Path().glob("*.csv"):
            table.unlink()
        return Rows(self.path)


@observing
class CopiesInFloat32Only(Watcher):
    """Converts θ, which makes no copy where it is in float64."""

    def __init__(self, path):
        self.thetas = []

    def epoch(self, event):
        self.thetas.append(event.theta.astype(np.float64, copy=False))


class TakesTheHook(Right):
    """Replaces what Python does with errors."""

    def watch(self, training):
        sys.excepthook = print
        return Rows(self.path)


CALLED, SILENT, EFFECT = (
    "defines_what_is_called",
    "is_silent_at_steps",
    "fields_have_an_effect",
)
BUGS = {
    EmptiesTheRun: EXPERIMENT,
    RemovesAllTables: EXPERIMENT,
    CopiesInFloat32Only: COPIES,
    TakesTheHook: ALONE,
    NamesAnotherMethod: CALLED,
    MisspeltStep: CALLED,
    StepOfNumbers: CALLED,
    MisspeltClose: CALLED,
    OverridesNothing: CALLED,
    WatchesByItself: CALLED,
    CollectsInItsModule: ITSELF,
    BestOfAll: ITSELF,
    BestInItsClass: ITSELF,
    WritesItsField: ITSELF,
    UnlocksTheta: ANY,
    NumpyLogarithm: ANY,
    MeanOfNothing: EARLY,
    WholeCosts: ANY,
    NeedsALearningRate: ANY,
    ForgetsAFileAtEveryStep: CLOSES,
    WarnsAtEveryStep: SILENT,
    WritesToStderr: SILENT,
    TakesSignals: ALONE,
    CollectsNoGarbage: ALONE,
    SetsTheRootLogger: ALONE,
    Asynchronous: ANY,
    YieldsAtEpochs: ANY,
    ForgetsItsField: EFFECT,
    KeepsTheBestByReference: COPIES,
    HidesItsFile: CLOSES,
    ClosesOneFileOfTwo: CLOSES,
    TakesLogarithms: ANY,
    PrintsEveryStep: "is_silent_at_steps",
    LeavesAThread: "ends_its_threads",
    ChoosesByGlobalChance: ALONE,
    ChangesTheWorkingFolder: ALONE,
    MakesNumpyRaise: ALONE,
    ReturnsNothing: WATCHERS,
    ReturnsSomethingElse: WATCHERS,
    ReturnsTheSame: WATCHERS,
    CountsInItself: ITSELF,
    CollectsInItsClass: ITSELF,
    observing(SharedList): APART,
    observing(WritesAllAtTheEnd): APART,
    observing(KnowsTheLowest): APART,
    observing(DefaultList): APART,
    observing(WritesToTheta): ANY,
    observing(WritesToTheBase): ANY,
    observing(MakesThetaWriteable): ANY,
    observing(KeepsThetas): COPIES,
    observing(KeepsViews): COPIES,
    observing(MeasuresMoves): COPIES,
    observing(NoStart): ANY,
    observing(NoNaN): ANY,
    observing(NeedsARate): ANY,
    observing(NeedsTwoSteps): ANY,
    observing(NeedsAStep): EARLY,
    observing(OpensAtTheFirstStep): EARLY,
    observing(NeedsAnEpoch): EARLY,
    observing(Float32Only): ANY,
    PlansAHundredSteps: ANY,
    ReadsAName: WATCHERS,
    NeedsANetwork: ANY,
    ChangesTheExperiment: EXPERIMENT,
    ChangesAPart: EXPERIMENT,
    observing(LeavesItsFileOpen): CLOSES,
    observing(LeavesOneFileOpen): CLOSES,
    MakesAFolder: AGAIN,
    ExpectsAFolder: WATCHERS,
    ExpectsARun: WATCHERS,
    TakesTheRunForAFile: ANY,
    NewFilesOnly: AGAIN,
}


class Nothing(Watcher):
    """Right: takes note of nothing."""

    def __init__(self, path):
        pass


class Everything(Watcher):
    """Right: keeps all events, with copies of θ."""

    def __init__(self, path):
        self.events = []

    def step(self, event):
        self.events.append(event._replace(theta=event.theta.copy()))

    epoch = step


class EventsAsTheyAre(Watcher):
    """Right: keeps events for their numbers, not for θ."""

    def __init__(self, path):
        self.events = []

    def step(self, event):
        self.events.append(event)

    def close(self):
        self.lowest = min((event.cost for event in self.events), default=math.nan)


class SavesTheEnd(Watcher):
    """Right: remembers where θ lives, and writes it when all is over."""

    def __init__(self, path):
        self.path, self.theta = path, None

    def epoch(self, event):
        self.theta = event.theta

    def close(self):
        if self.theta is not None:
            np.save(f"{self.path}.npy", self.theta)


class Clock(Watcher):
    """Right: writes times, which are never the same."""

    def __init__(self, path):
        self.path, self.times = path, [time.perf_counter()]

    def step(self, event):
        self.times.append(time.perf_counter())

    def close(self):
        Path(self.path).write_text("\n".join(map(repr, np.diff(self.times))), encoding="utf-8")


class Printer(Watcher):
    """Right: prints."""

    def __init__(self, path):
        pass

    def epoch(self, event):
        print(f"epoch {event.epoch}: {event.test_cost:.3f}")  # noqa: T201


class Stopper(Watcher):
    """Right: ends training on purpose when the cost is low enough."""

    def __init__(self, path):
        pass

    def step(self, event):
        if event.cost < 0.3:
            raise ExperimentError("the cost is low enough")


@dataclass
class Summary(Watcher):
    """Right: a dataclass, with objects of its own."""

    path: str
    costs: list[float] = field(default_factory=list)

    def step(self, event):
        self.costs.append(event.cost)


class Threaded(Watcher):
    """Right: a thread of its own writes what it is told."""

    def __init__(self, path):
        self.lock, self.lines = threading.Lock(), []
        self.path = path

    def step(self, event):
        with self.lock:
            self.lines.append(json.dumps(event[:-1]))

    def close(self):
        thread = threading.Thread(target=Path(self.path).write_text, args=("\n".join(self.lines),))
        thread.start()
        thread.join()


class WritesInAThread(Watcher):
    """Right: a thread opens the file in the working folder, and writes what it is handed."""

    def __init__(self, path):
        self.rows, self.path = queue.Queue(), path
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        with open(self.path, "w", encoding="utf-8") as file:
            while (row := self.rows.get()) is not None:
                file.write(f"{row}\n")

    def step(self, event):
        self.rows.put(event.cost)

    def close(self):
        self.rows.put(None)
        self.thread.join()


class HasHelpers(Watcher):
    """Right: has methods that it calls, or that others may call."""

    def __init__(self, path):
        self.path, self.costs = path, []

    @property
    def steps(self):
        return len(self.costs)

    def on_step(self, event):
        self.costs.append(event.cost)

    def step(self, event):
        self.on_step(event)

    def epoch_means(self, size):
        return [statistics.mean(self.costs[i : i + size]) for i in range(0, len(self.costs), size)]

    def flush(self):
        Path(self.path).write_text(repr(self.costs), encoding="utf-8")

    def close(self):
        self.flush()


class RefusesDivergence(Watcher):
    """Right: stops a training that diverges, in words of its own."""

    def __init__(self, path):
        pass

    def step(self, event):
        if not math.isfinite(event.cost):
            raise ArithmeticError(f"the cost is {event.cost} at step {event.step}")


class CarefulLogarithm(Watcher):
    """Right: knows that a cost may be 0."""

    def __init__(self, path):
        self.costs = []

    def step(self, event):
        with np.errstate(divide="ignore"):
            self.costs.append(np.log(event.cost))


class SetOnTheInstance(Right):
    """Right: gives its watcher the method that a field says."""

    name = "set_on_the_instance"
    by: Literal["step", "epoch"] = Field("step", description="When to take note")

    def watch(self, training):
        watcher = Watcher()
        setattr(watcher, self.by, lambda event: None)
        return watcher


NUMBER = 0


class NumbersItsFiles(Right):
    """Right: counts trainings in its module, for the names of its files."""

    name = "numbers_its_files"

    def watch(self, training):
        global NUMBER
        NUMBER += 1
        return Rows(f"{NUMBER}-{self.path}")


class TheUsersFolder(Right):
    """Right: a table in a folder that it makes."""

    name = "the_users_folder"

    def watch(self, training):
        folder = Path("logs", f"{training.total_steps}-steps")
        folder.mkdir(parents=True, exist_ok=True)

        class Table(Watcher):
            def __init__(self):
                self.file = (folder / "costs.csv").open("w", newline="", encoding="utf-8")
                self.writer = csv.writer(self.file)

            def step(self, event):
                self.writer.writerow(event[:-1])

            def close(self):
                self.file.close()

        return Table()


class TellsTheExperiment(Right):
    """Right: prints what is trained, and how large its blocks are."""

    name = "tells_the_experiment"

    def watch(self, training):
        print(json.dumps(dict(training.experiment)))  # noqa: T201
        print(training.experiment["optimizer"]["name"], [block.size for block in training.layout])  # noqa: T201
        return Watcher()


class RefusesToReplace(Right):
    """Right: replaces no file, and says so."""

    name = "refuses_to_replace"

    def watch(self, training):
        if Path(self.path).exists():
            raise PluginError(f"{self.path} is there already: move it away, or set another path")
        return Rows(self.path)


class Slotted(Watcher):
    """Right: has slots for attributes."""

    __slots__ = ("costs",)

    def __init__(self, path):
        self.costs = []

    def step(self, event):
        self.costs.append(event.cost)


class NotInstalled(Right):
    """Right: needs a package that is not here, and says so."""

    name = "not_installed"

    def watch(self, training):
        raise PluginError("it needs plots_and_more, which is not installed: pip install plots_and_more")


KINDS_OF_WATCHERS = (
    Nothing,
    Everything,
    EventsAsTheyAre,
    SavesTheEnd,
    Clock,
    Printer,
    Stopper,
    Summary,
    Threaded,
    Slotted,
    WritesInAThread,
    HasHelpers,
    RefusesDivergence,
    CarefulLogarithm,
)
UNUSUAL = [
    Right(),
    *(observing(watcher)() for watcher in KINDS_OF_WATCHERS),
    SetOnTheInstance(),
    NumbersItsFiles(),
    TheUsersFolder(),
    TellsTheExperiment(),
    NotInstalled(),
    RefusesToReplace(),
]


def results(plugin, outcome):
    return {result.check.id: result.message for result in run_checks(plugin) if result.outcome == outcome}


def failures(plugin):
    return results(plugin, "failed")


@pytest.fixture(autouse=True)
def _leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    level, handler, hook = logging.getLogger().level, signal.getsignal(signal.SIGINT), sys.excepthook
    yield
    assert list(tmp_path.iterdir()) == []
    gc.enable()
    sys.excepthook = hook
    logging.getLogger().setLevel(level)
    signal.signal(signal.SIGINT, handler)


# a watcher that is abandoned, since it fails, or that is wrong in this very way, has not closed its files
abandoned = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@abandoned
@pytest.mark.parametrize(("bug", "check"), BUGS.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_seeded_bug_is_caught(bug, check):
    with pytest.raises(CheckFailure):
        next(one for one in checks_for("observer") if one.id == check)(bug())


@pytest.mark.parametrize("plugin", UNUSUAL, ids=lambda plugin: type(plugin).__name__)
def test_an_unusual_observer_passes(plugin):
    assert failures(plugin) == {}


@parametrize_with_checks([cls() for cls in register_observers()])
def test_the_built_in_ones_pass(plugin, check):
    check(plugin)


def test_an_observer_without_its_package_is_skipped_and_says_why():
    assert "pip install plots_and_more" in results(NotInstalled(), "skipped")[WATCHERS]


def test_nothing_that_an_observer_prints_is_shown(capsys):
    failures(observing(Printer)())
    assert capsys.readouterr().out == ""


def test_each_check_of_observers_catches_one_of_the_bugs():
    general = {check.id for check in checks_for("cost")} & {check.id for check in checks_for("projection")}
    assert {check.id for check in checks_for("observer")} - general <= set(BUGS.values())


@abandoned
@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (ReturnsNothing, WATCHERS, "watch returned None"),
        (observing(WritesToTheta), ANY, "step writes to θ"),
        (observing(WritesToTheBase), ANY, "epoch changes θ"),
        (observing(KeepsThetas), COPIES, "shows in the attribute thetas"),
        (observing(MeasuresMoves), COPIES, "shows in the file costs.txt"),
        (observing(NoStart), ANY, "at epoch 0, epoch raised AttributeError"),
        (observing(NeedsAStep), EARLY, "close raised ZeroDivisionError before any event"),
        (observing(WritesAllAtTheEnd), APART, "the file costs.txt grows from training to training"),
        (NamesAnotherMethod, CALLED, "NamesAnotherMethod.on_epoch_end is never called: training calls step, epoch"),
        (OverridesNothing, CALLED, "defines record, but none of step, epoch and close"),
        (WatchesByItself, CALLED, "epoch is a method of WatchesByItself, which is never called"),
        (CollectsInItsModule, ITSELF, "watching changes ALL_COSTS of the module"),
        (EmptiesTheRun, EXPERIMENT, "watching removes or changes 'runs/first.zarr/zarr.json'"),
        (NeedsANetwork, ANY, "its folder may be None, the experiment of a test function has no network"),
        (observing(NoStart), ANY, "test_kit_observers.py, line "),
        (Asynchronous, ANY, "step returned a coroutine"),
        (UnlocksTheta, ANY, "step makes θ writeable"),
        (NumpyLogarithm, ANY, "costs, gradient and learning rate are 0, at step 1, step raised FloatingPointError"),
        (NewFilesOnly, AGAIN, "watch raised FileExistsError"),
        (NeedsANetwork, ANY, "in the descent of a test function, watch raised KeyError: 'cost'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong(bug, check, words):
    assert words in failures(bug())[check]
