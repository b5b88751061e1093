"""What came of an experiment? The run, in memory or opened from its folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any, Self

import numpy as np

from landscape._blas import blas_threads
from landscape.errors import ExperimentError, LandscapeError, PluginError, RunError
from landscape.experiment import Experiment, Purpose
from landscape.experiment import projection as build_projection
from landscape.kinds import Projection, checked_plane
from landscape.layout import Array, IntArray
from landscape.objective import Objective, Split
from landscape.parts import part_table
from landscape.path import Path
from landscape.plane import Plane
from landscape.runs.costless import Costless
from landscape.runs.needs import (
    OF_TRAINING,
    Need,
    built,
    nearest,
    needs,
    needs_of_surfaces,
    outline,
    provider_of,
    suspects,
)
from landscape.runs.records import ENDINGS, EPOCH_COLUMNS, Ending, History, Provenance, data_fingerprint
from landscape.runs.store import Stored, new_folder
from landscape.runs.surfaces import (
    SurfaceProgress,
    SurfaceWriter,
    check_name,
    keep,
    read_surface,
    surface_names,
)
from landscape.runs.writer import ARRAYS, RunWriter, Saved
from landscape.surface import Grid, Surface, tiles

AnyProjection = str | Mapping[str, Any] | Projection
AnyPath = str | os.PathLike[str]


class Run:
    """What came of an experiment.

    Parameters
    ----------
    experiment : what was run; plain values for one from disk, which is built when it is asked for.
    history : how cost and accuracy went.
    path : where θ was; its last snapshot is the final θ.
    provenance : what the run was made with.
    seconds : of training, without measuring.
    ending : how training ended; "running" for a folder that is still written, or whose writer was killed.
    message : why it ended, where there is something to say.
    folder : where the run is on disk, or None.
    objective : what was minimized; loaded from the experiment on first use when it is not given.

    Attributes
    ----------
    described : the experiment as plain values, also where a plugin that it needs is missing.
    surfaces : those that were given a name.
    """

    def __init__(
        self,
        experiment: Experiment | Mapping[str, Any],
        history: History,
        path: Path,
        provenance: Provenance,
        *,
        seconds: float = 0.0,
        ending: Ending = "finished",
        message: str = "",
        folder: FilePath | None = None,
        objective: Objective | None = None,
    ) -> None:
        if isinstance(experiment, Experiment):
            self.experiment = experiment
        self.described = experiment.to_dict() if isinstance(experiment, Experiment) else dict(experiment)
        self.history = history
        self.path = path
        self.provenance = provenance
        self.seconds = seconds
        self.ending: Ending = ending
        self.message = message
        self.folder = folder
        self.surfaces: dict[str, Surface] = {}
        self._recipes: dict[str, dict[str, Any]] = {}
        self._objective = objective

    def __repr__(self) -> str:
        where = "in memory" if self.folder is None else f"in {str(self.folder)!r}"
        return f"<Run {where}: {self.ending}, {len(self.history.batch_cost)} steps, {len(self.path)} snapshots>"

    @property
    def ended(self) -> str:
        """How training ended, and why where there is something to say."""
        said = {"running": "still being trained, or its process was killed"}
        return self.message or said.get(self.ending, self.ending)

    @property
    def theta(self) -> Array:
        """The final θ, (P,); RunError for a run that was killed before its start was recorded."""
        return self._recorded().last

    def _recorded(self) -> Path:
        if not len(self.path):
            raise RunError("the run has no snapshot of θ: it was killed before its start was recorded; train it again")
        return self.path

    @cached_property
    def experiment(self) -> Experiment:
        """What was run.

        Raises
        ------
        PluginError
            When a plugin that it needs is not here, or no longer takes its fields; it says what to install.
        RunError
            When it cannot be built for another reason.
        """
        return built(self.described, self.provenance.plugins)

    def missing(self) -> list[str]:
        """Return, for each plugin of the run that cannot be had here, a sentence: what it is, and what to install."""
        return list(dict.fromkeys(filter(None, (need.problem() for need in self._needs()))))

    def missing_projections(self) -> list[str]:
        """Return such a sentence for each projection that laid the plane of a surface; what is saved needs none."""
        wanted = needs_of_surfaces(self._recipes.values())
        return list(dict.fromkeys(filter(None, (need.problem() for need in wanted))))

    def changed(self) -> list[str]:
        """Return, for each plugin that is here in another version or from another provider, a sentence on both."""
        return list(dict.fromkeys(filter(None, (need.change() for need in self._needs()))))

    def _needs(self) -> Iterator[Need]:
        return needs(self.described, self.provenance.plugins)

    def _rng(self, purpose: Purpose, seed: int) -> np.random.Generator:
        """Return the experiment's generator for one purpose, which needs none of its plugins."""
        return Experiment(seed=self.described.get("seed", 0)).rng(purpose, seed)

    def _minimized(self) -> Experiment:
        """Return the experiment, if need be without what only training needs."""
        try:
            return self.experiment
        except PluginError:
            cost = {name: value for name, value in self.described.items() if name not in OF_TRAINING}
            return built(cost, self.provenance.plugins)

    def nearest(self) -> Experiment:
        """Return the experiment, with the defaults in place of those of its plugins that are missing here."""
        try:
            return self.experiment
        except LandscapeError:
            return nearest(self.described, self.provenance.plugins)

    def stand_in(self) -> Objective:
        """Return the objective or, where it cannot be had here, what stands in for it: `Costless`."""
        try:
            return self.objective
        except Exception as error:  # plugins may raise anything
            reason = error
        try:
            known = self.outline()
        except Exception:  # likewise
            known = None
        fits = known is not None and known.layout.size == self.path.thetas.shape[1]
        return Costless(known if fits else None, self.path.thetas.dtype, reason)

    def outline(self) -> Objective:
        """Return an objective of the run's data and layout of θ, for what asks for no more than these.

        It is `objective`, or one of another cost where a plugin that the cost needs is missing.

        Raises
        ------
        PluginError
            When the data set's plugin is missing.
        """
        try:
            return self.objective
        except PluginError:
            return built(outline(self.described), self.provenance.plugins).objective()

    @cached_property
    def objective(self) -> Objective:
        """What was minimized.

        Raises
        ------
        PluginError
            When a plugin that it needs is not here, or no longer takes its fields; it says what to install.
        RunError
            When the experiment's own objective is not what this run minimized: another one had been given from
            Python, or the data or a plugin have changed since.
        """
        if self._objective is not None:
            return self._objective
        objective = self._minimized().objective()
        reason = self._why_other(objective)
        if reason:
            why = "; ".join(filter(None, (reason, suspects(self._needs()))))
            raise RunError(
                f"the experiment's objective is not what was minimized: {why}; open the run with the right "
                "one, as in Run.open(folder, objective=…)"
            )
        return objective

    def _why_other(self, objective: Objective) -> str:
        """Return how `objective` differs from the one that was minimized, or ``""``."""
        size, parameters = objective.layout.size, self.path.thetas.shape[1]
        if size != parameters:
            return f"it has {size} parameters, the path {parameters}"
        if data_fingerprint(objective) != self.provenance.dataset:
            return "its data have another fingerprint"
        if not len(self.path) or not len(self.history.epoch):
            return ""
        with blas_threads(1):
            then, now = self.history.test_cost[0], objective.evaluate(self.path.first, "test").cost
        # machines round differently; another cost, network or plugin differs by more
        same = np.isclose(now, then, rtol=1e-3, equal_nan=True)
        return "" if same else f"at the start it costs {now:.6g}, and {then:.6g} was recorded"

    def projection(self, projection: AnyProjection) -> Projection:
        """Return the projection that is meant by a name, table or object.

        Raises
        ------
        ExperimentError
            When there is none such. A note says what to install, where a surface of the run was made with it.
        """
        try:
            return build_projection(projection)
        except ExperimentError as error:
            name = projection.get("name") if isinstance(projection, Mapping) else projection
            for need in needs_of_surfaces(self._recipes.values()):
                if need.name == name and need.problem():
                    error.add_note(f"a surface of this run was made with it: {need.problem()}")
                    break
            raise

    def plane(self, projection: AnyProjection = "pca", *, seed: int = 0) -> Plane:
        """Return the plane that a projection lays through the path; `seed` chooses among random ones.

        Where a plugin of the run is missing, a plane that the path alone decides is laid all the same; PluginError
        for one that takes the cost.
        """
        rng = self._rng("projection", seed)
        part = self.projection(projection)
        return checked_plane(part, self.stand_in(), self._recorded(), rng)

    def surface(
        self,
        projection: AnyProjection = "pca",
        resolution: int | tuple[int, int] = 51,
        *,
        split: Split = "train",
        sample: int | None = None,
        margin: float = 0.25,
        accuracy: bool = True,
        seed: int = 0,
        workers: int | None = None,
        name: str | None = None,
        on_progress: Callable[[SurfaceProgress], None] | None = None,
    ) -> Surface:
        """Return the cost on a grid around the path, in the plane that a projection lays through it.

        Parameters
        ----------
        projection : by name, table or object.
        resolution : grid points along both axes, or (along a, along b).
        split, sample : use all examples of this split, or a sample of that many.
        margin : how far the grid reaches beyond the path, as a share of the path's extent.
        accuracy : also compute the accuracy.
        seed : chooses among random planes and samples.
        workers : threads; as many as there are processors by default.
        name : keep the surface under this name, in the run's folder where it has one. What is computed is saved
            as it comes; when the same surface is asked for again, only what is missing is computed.
        on_progress : called after every tile; not when the surface is there already.

        Raises
        ------
        RunError
            When another surface has that name, or it cannot be one.
        """
        part = self.projection(projection)
        recipe = {
            "projection": part_table(part),
            "resolution": [resolution, resolution] if isinstance(resolution, int) else list(resolution),
            "split": split,
            "sample": sample,
            "margin": margin,
            "accuracy": accuracy,
            "seed": seed,
            "step": int(self._recorded().steps[-1]),
            "provider": provider_of(part),
        }
        known = None if name is None else self._known(name, recipe)
        if known is not None and known.complete:
            return self._with_objective(known)
        plane = self.plane(part, seed=seed) if known is None else known.plane
        news = tiles(
            self.objective,
            plane,
            Grid.around(plane, self.path, resolution, margin) if known is None else known.grid,
            split=split,
            sample=sample,
            rng=self._rng("sample", seed),
            accuracy=accuracy,
            workers=workers,
            resume=known,
        )
        start = None
        if self.folder is not None and name is not None:
            start = partial(SurfaceWriter, self.folder, name, recipe=recipe, resume=known is not None)
        with closing(keep(news, start)) as progress:
            for state in progress:
                if name is not None:
                    self.surfaces[name], self._recipes[name] = state.surface, recipe
                if on_progress is not None:
                    on_progress(state)
        return state.surface

    def _with_objective(self, surface: Surface) -> Surface:
        """Return a surface from disk with the objective, unless a plugin that this needs is missing."""
        try:
            return replace(surface, objective=self.objective)
        except PluginError:
            return surface

    def provider(self, name: str) -> str:
        """Return who provided the projection of the surface `name`, ``"distribution:name version"`` or ``""``."""
        return str(self._recipes[name].get("provider", ""))

    def _known(self, name: str, recipe: dict[str, Any]) -> Surface | None:
        """Return the surface called `name`, or None; RunError when it was made by another recipe."""
        if check_name(name) not in self.surfaces:
            return None
        old = self._recipes[name]
        # another version of a projection is not another recipe: what is there was made by the one that it names
        different = [key for key in recipe if key != "provider" and old.get(key) != recipe[key]]
        if different:
            was = ", ".join(f"{key} = {old.get(key)!r}" for key in different)
            raise RunError(f"the run has another surface {name!r}, with {was}: choose another name")
        return self.surfaces[name]

    def save(self, folder: AnyPath) -> None:
        """Write the run, with its named surfaces, as a new folder that appears when it is complete.

        A run that was only in memory lives there from then on.

        Raises
        ------
        RunError
            When the folder exists already, or cannot be written.
        """
        folder, path, history = FilePath(folder), self.path, self.history
        with new_folder(folder) as draft:
            writer = RunWriter(draft, self.described, self.provenance, path.thetas.shape[1], path.thetas.dtype)
            writer.record(path.steps, path.thetas, history.batch_cost, history.epochs())
            writer.finish(self.ending, self.message, self.seconds)
            for name, surface in self.surfaces.items():
                SurfaceWriter(draft, name, surface, self._recipes[name])
        self.folder = folder if self.folder is None else self.folder

    @classmethod
    def open(cls, folder: AnyPath, *, objective: Objective | None = None) -> Self:
        """Return the run in `folder`, with all that was committed, also when it was killed while training.

        `objective` takes the place of the experiment's own, for a run that was made with one from Python.

        Raises
        ------
        RunError
            When the folder holds no run, is damaged, or was written by a newer version. A plugin that is missing
            is an error only when `experiment` or `objective` are asked for.
        """
        stored = Stored(FilePath(folder), "run")
        experiment = stored.attributes.get("experiment")
        if not isinstance(experiment, dict):
            raise stored.damaged("zarr.json holds no experiment")
        try:
            provenance = Provenance.from_dict(stored.attributes["provenance"])
            saved = Saved(**{count: int(stored.attributes["saved"][count]) for count in Saved._fields})
            ending, seconds = stored.attributes["ending"], float(stored.attributes["seconds"])
            message = str(stored.attributes["message"])
        except (KeyError, TypeError, ValueError) as error:
            raise stored.damaged(f"zarr.json does not say {error}") from error
        if ending not in ENDINGS:
            raise stored.damaged(f"ending is {ending!r}, not one of {', '.join(ENDINGS)}")
        arrays = {name: stored.read(name, getattr(saved, count)) for name, count in ARRAYS.items()}
        run = cls(
            experiment,
            History(*(arrays[f"history/{name}"] for name in ("batch_cost", *EPOCH_COLUMNS))),
            _path(stored, arrays["path/step"], arrays["path/theta"]),
            provenance,
            seconds=seconds,
            ending=ending,
            message=message,
            folder=stored.folder,
            objective=objective,
        )
        for name in surface_names(stored.folder):
            run.surfaces[name], run._recipes[name] = read_surface(stored.folder, name)
        return run


def _path(stored: Stored, steps: IntArray, thetas: Array) -> Path:
    if thetas.ndim != 2 or (np.diff(steps) <= 0).any() or (steps < 0).any():
        raise stored.damaged("the steps of its path do not increase")
    return Path(steps, thetas)
