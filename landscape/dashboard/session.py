"""What does one visitor's run do? Trains, keeps its path, lays its slice, and tells what is new.

Two threads work for a session. The *trainer* takes steps at the chosen pace and copies θ a few times a second.
The *surveyor* computes everything else from these copies. So the trainer is slowed by no more than the copies,
and a request never computes anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Any, cast

from landscape._blas import blas_threads
from landscape._guard import TimeIsUp, reason
from landscape.dashboard.chunks import Known, chunk_of, has_news
from landscape.dashboard.late import LONGEST, PATIENCE, Pieces
from landscape.dashboard.pace import Pace
from landscape.dashboard.renewal import Replacement, kept, renewed
from landscape.dashboard.replay import Saved, saved_of, show
from landscape.dashboard.survey import survey, survey_due
from landscape.dashboard.work import Snapshot, Work, begin, finished
from landscape.errors import LandscapeError
from landscape.experiment import Experiment, projection
from landscape.kinds import Projection
from landscape.runs import Run
from landscape.training import Trainer
from landscape.training.blame import place

_COPY_SECONDS = 0.04
_BURST_SECONDS = 0.02
_DENSE_STEPS = 32  # θ moves most at the start, so that every step is kept there
_FEW_PARAMETERS = 1000  # every step is kept of a function: its copies and costs take no time
_WAIT_SECONDS = 0.25
_END_SECONDS = 2.0
_ALONE_SECONDS = 120.0  # a page in the background still asks about once a minute


class Session:
    """One visitor's run.

    Parameters
    ----------
    experiment : what to train; by default that of `run`, else the classic network on MNIST.
    run : a finished run to show until the visitor trains anew.
    view : how to look at it at first; by default, by PCA of the path.

    Attributes
    ----------
    live : whether the page should show this session instead of the recorded run.
    touched : when a page last asked.
    """

    def __init__(
        self,
        experiment: Experiment | None = None,
        run: Run | None = None,
        view: Projection | Saved | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._wanted = experiment or (run.nearest() if run else Experiment.preset("classic"))
        self._run = run
        self._work: Work | None = None
        self._number = 0
        self._build = True  # wanted
        self._building = False  # under way
        self._surveying = False
        self._running = False
        self._owed = 0
        self._pace = Pace()
        self._view: Projection | Saved = view or projection("pca")
        self._notice = ""
        self._revision = 0
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._pieces = Pieces()
        self.live = run is not None
        self.touched = perf_counter()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Hold the lock and, on leaving, tell everybody who waits that something has changed."""
        with self._changed:
            yield
            self._revision += 1
            self._changed.notify_all()

    # Commands. Each returns at once; the threads do what it asks for.

    def start(self) -> None:
        """Start the threads, if they are not running yet."""
        with self._changed:
            if self._threads or self._closed:
                return
            for body in (self._train_forever, self._survey_forever):
                thread = threading.Thread(target=body, name=f"landscape{body.__name__}", daemon=True)
                thread.start()
                self._threads.append(thread)

    def close(self) -> None:
        """End the threads, and wait for them but not for ever; the session is of no use afterwards."""
        with self._telling():
            self._closed = True
        for thread in self._threads:
            thread.join(_END_SECONDS)
        self._pieces.end(0.0)

    def toggle(self) -> None:
        """Run, or pause; a finished run starts anew."""
        with self._telling():
            self._running = not self._running
            if self._running:
                self._take_over()
                self._build = self._build or (self._work is not None and self._work.done)
                self._notice, self._owed = "", 0
                self._anchor()

    def step(self) -> None:
        """Pause, and take exactly one step."""
        with self._telling():
            self._take_over()
            self._running = False
            if self._work is not None and self._work.done and not self._build:
                self._notice = finished(self._work)
            else:
                self._owed += 1

    def reset(self) -> None:
        """Return to the seed's start, with the settings as they are now; end what does not return from a plugin."""
        self._pieces.end(PATIENCE)
        with self._telling():
            self._take_over()
            self._build, self._running, self._owed, self._notice = True, False, 0, ""

    def set_speed(self, speed: float) -> None:
        """Take `speed` steps per second; `pace.FASTEST` for no limit."""
        with self._telling():
            self._pace.speed = speed
            self._anchor()

    def set_view(self, view: Projection | Saved) -> None:
        """Lay the plane by another projection, or show a surface that was saved with the run."""
        if view != self._view:
            self._view = view
            self.refit()

    def refit(self) -> None:
        """Lay the plane anew, through the path as it is now."""
        with self._telling():
            self.live, self._notice = True, ""
            if self._work is not None:
                self._work.refit, self._work.broken = True, False

    def configure(self, experiment: Experiment) -> None:
        """Take new settings; some of them may have to wait for Reset: see `waits`.

        Other values of the optimizer's fields, or more epochs, apply at once and leave a mark on the path;
        before the first step, everything does.
        """
        with self._telling():
            before, self._wanted = self._wanted, experiment
            work = self._work
            if work is None or self._build:
                self._build = self._build or experiment != before
            elif work.shown is None and not (work.taken or self._running or self._owed):
                self._build = experiment != work.experiment
            elif work.shown is None:
                work.apply(experiment)
            if work is not None and work.done and self._running:
                self._stop(finished(work))

    def renew(self, replacements: Iterable[Replacement]) -> None:
        """Take the classes that came in place of others; a run under way keeps its own until Reset.

        A finished run that could not be shown as a whole is opened again: plugins may have come, too.
        """
        replacements = tuple(replacements)
        self._pieces.end(PATIENCE)
        experiment = renewed(self._wanted, replacements)
        if experiment is not self._wanted:
            self._notice = ""  # what it says may be true no longer
            self.configure(experiment)
        for one in replacements:
            if type(self._view) is one.old and one.new is not one.old:
                self._project_by(one)
        with self._telling():
            if self._run is not None and self._work is not None and self._work.remarks:
                self._build = True  # what was missing may be here now

    def _project_by(self, one: Replacement) -> None:
        """Lay the plane by what came in place of the projection in use; by PCA where nothing did."""
        values = cast(Projection, self._view).model_dump()
        new = "pca" if one.new is None else one.new(**kept(one.new, values, one.old))
        with self._telling():
            self._view = projection(cast(Projection, new))
            if self._work is not None:
                self._work.refit, self._work.broken = True, False

    @property
    def waits(self) -> str:
        """What some of the settings wait for: ``Run`` while a finished run is shown, ``Reset``, or nothing."""
        with self._changed:
            work = self._work
            if not self.live:
                return "Run" if self._wanted != Experiment.preset("classic") else ""
            if work is None or self._build or work.experiment == self._wanted:
                return ""
            return "Reset" if work.shown is None else "Run"

    @property
    def running(self) -> bool:
        """Whether it trains, so that Run pauses it."""
        return self._running

    def _take_over(self) -> None:
        """Leave the recorded run, or the finished one that was shown, for one that is trained here."""
        self.live = True
        if self._run is not None:
            self._run, self._build = None, True
            if isinstance(self._view, Saved):  # which is of the run that was shown
                self._view = projection("pca")
        elif self._work is None and not self._building:
            self._build = True  # the last attempt failed

    def _anchor(self) -> None:
        done = self._work.taken if self._work is not None and not self._build else 0
        self._pace.anchor(perf_counter(), done)

    @property
    def experiment(self) -> Experiment:
        """The settings as they are now, those that wait for Reset included."""
        return self._wanted

    @property
    def view(self) -> Projection | Saved:
        """The projection in use, or the saved surface."""
        return self._view

    @property
    def saved(self) -> list[str]:
        """The names of the surfaces that were saved with the run that is shown."""
        return saved_of(self._run)

    @property
    def speed(self) -> float:
        """Steps per second; `pace.FASTEST` for no limit."""
        return self._pace.speed

    # What the page asks for.

    def chunk(self, known: Known) -> dict[str, Any]:
        """Return what is new since the page last asked, waiting a moment for it while something goes on."""
        self.start()
        self._pieces.end(LONGEST, endless=False)
        with self._changed:
            self.touched = perf_counter()
            self._changed.wait_for(
                lambda: not (self.live and (self._running or self._busy())) or self._news(known), _WAIT_SECONDS
            )
            return self._chunk(known)

    def _shown(self) -> Work | None:
        """Return the run, once it is to be shown and has a surface to be shown on."""
        work = self._work
        return None if not self.live or work is None or work.surface is None or self._build else work

    def _busy(self) -> bool:
        """Whether something is on its way that the page does not have yet."""
        work = self._work
        if self._build or self._building or self._surveying:
            return True
        return work is not None and bool(self._owed or self._uncopied() or survey_due(work, self._running))

    def _news(self, known: Known) -> bool:
        work = self._shown()
        return work is not None and (known.revision != self._revision or has_news(work, known))

    def _chunk(self, known: Known) -> dict[str, Any]:
        state = {
            "revision": self._revision,
            "live": self.live,
            "running": self._running,
            "busy": self._busy(),
            "notice": self._notice or self._pieces.said(),
        }
        work = self._shown()
        return {"state": state, "surface": None} if work is None else chunk_of(work, known, state)

    # The trainer.

    def _train_forever(self) -> None:
        with blas_threads(1):
            self._repeat(self._train_next)

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self._closed:
            with suppress(TimeIsUp):  # that came when the work was over which it was to end
                act()

    def _train_next(self) -> None:
        """Wait until there is something to do for the trainer, and do it."""
        with self._changed:
            while not (self._closed or self._build or (steps := self._due()) or self._uncopied()):
                self._changed.wait(self._pause())
            closed, build, work = self._closed, self._build, self._work
        if closed:
            return
        if build:
            with self._pieces.piece(endless=True):
                self._rebuild()
        elif work is not None and work.trainer is not None:
            if steps:
                self._train(work, work.trainer, steps)
            else:
                self._copy(work, work.trainer)

    def _pause(self) -> float | None:
        """Return the seconds until the next step is due, None when none is."""
        work = self._work
        if not self._running or work is None:
            return None
        return self._pace.wait(perf_counter(), work.taken)

    def _due(self) -> int:
        """Return how many steps to take now."""
        work = self._work
        if work is None or work.trainer is None or work.done:
            return 0
        if self._owed:
            return self._owed
        return self._pace.due(perf_counter(), work.taken) if self._running else 0

    def _uncopied(self) -> bool:
        """Whether training has paused on a step that the page does not know yet."""
        work = self._work
        if work is None or self._running or self._owed:
            return False
        return work.taken > work.copied

    def _rebuild(self) -> None:
        """Build the run that is wanted; the notice says why when that cannot be."""
        with self._changed:
            experiment, run, self._build, self._building = self._wanted, self._run, False, True
            self._number += 1
            self._work = None
        try:
            work = begin(self._number, experiment) if run is None else show(self._number, run)
        except BaseException as error:  # plugins may raise anything: said to the visitor, who can act on it
            with self._telling():
                self._building = False
                self._stop(_said(error))
            return
        with self._telling():
            self._work, self._building = work, False
            self._anchor()

    def _train(self, work: Work, trainer: Trainer, steps: int) -> None:
        """Take up to `steps` steps, for a moment at most, and copy θ where a copy is due."""
        until, taken, message = perf_counter() + _BURST_SECONDS, 0, ""
        try:
            with self._pieces.piece():
                while taken < steps and not trainer.done and perf_counter() < until:
                    work.batch_cost = trainer.step()
                    taken += 1
                    if trainer.index <= _DENSE_STEPS or trainer.theta.size <= _FEW_PARAMETERS:
                        self._copy(work, trainer)
        except BaseException as error:  # divergence, or anything that a plugin raises
            message = _said(error)
        with self._changed:
            self._owed = max(0, self._owed - taken)
            if message or trainer.done:
                self._stop(message or finished(work))
            elif perf_counter() - self.touched > _ALONE_SECONDS:
                self._stop("Paused, because no page was looking. Run goes on.")
        if taken and perf_counter() - work.copied_at >= _COPY_SECONDS:
            self._copy(work, trainer)

    def _stop(self, notice: str) -> None:
        self._running, self._owed, self._notice = False, 0, notice
        self._revision += 1

    def _copy(self, work: Work, trainer: Trainer) -> None:
        """Hand a copy of θ to the surveyor."""
        work.copied_at, work.copied = perf_counter(), trainer.index
        with self._changed:
            work.waiting.append(Snapshot(trainer.index, trainer.theta.copy(), work.batch_cost))
            self._changed.notify_all()

    # The surveyor.

    def _survey_forever(self) -> None:
        self._repeat(self._survey_next)

    def _survey_next(self) -> None:
        """Wait until there is something to do for the surveyor, and do it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._survey_due())
            work, chosen, running = self._work, self._view, self._running
            if self._closed or work is None:
                return
            self._surveying = True
        try:
            self._survey(work, chosen, running)
        finally:
            with self._changed:
                self._surveying = False

    def _survey_due(self) -> bool:
        return self._work is not None and survey_due(self._work, self._running)

    def _survey(self, work: Work, chosen: Projection | Saved, running: bool) -> None:
        try:
            with self._pieces.piece():
                survey(work, chosen, running, self._telling)
        except BaseException as error:  # plugins may raise anything: said, and the page stays usable
            with self._telling():
                work.refit, work.fitted_at = False, perf_counter()
                work.broken = not isinstance(error, LandscapeError)
                self._notice = _said(error)


def _said(error: BaseException) -> str:
    """Return what the visitor reads of an error; of one that nobody foresaw, its kind and line in a plugin too."""
    if isinstance(error, LandscapeError):
        return str(error)
    if isinstance(error, TimeIsUp):
        return f"{place(error)}it did not return, and was ended."
    ends = ": a plugin must not end the program" if isinstance(error, SystemExit) else ""
    return f"{place(error)}{reason(error)}{ends}"
