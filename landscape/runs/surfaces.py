"""How is a surface kept? Saved in the run's folder as its tiles come, to be completed after a kill."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from landscape.errors import RunError
from landscape.plane import Plane
from landscape.runs.store import Stored, create_group, new_folder, open_arrays, write_array, writing
from landscape.surface import Grid, Surface, Tile

if TYPE_CHECKING:
    import zarr

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_CELLS = ("b", "a")
# The mask comes last: a point that it marks is in the others.
_FILLED = ("cost", "accuracy", "standard_error", "evaluated")
_SECONDS_BETWEEN_SAVES = 0.5


class SurfaceProgress(NamedTuple):
    """Where an evaluation is: `done` of `total` points are computed, `saved` of them are on disk."""

    surface: Surface
    done: int
    total: int
    saved: int


def check_name(name: str) -> str:
    """Return `name`; RunError when it cannot be a surface's, as it becomes a folder's."""
    if not _NAME.fullmatch(name):
        raise RunError(
            f"{name!r} cannot name a surface: write a lower-case letter or digit, then more of them, '_' or '-'"
        )
    return name


class SurfaceWriter:
    """Keeps a surface in a run's folder while it is evaluated.

    Parameters
    ----------
    run : the run's folder.
    name : of the surface; none of that name may be there, unless `resume` says to go on with it.
    surface : what is known so far, with the arrays that keep filling.
    recipe : plain values that tell how the surface came about.

    Raises
    ------
    RunError
        When the name is taken or cannot be one, or the folder cannot be written.
    """

    def __init__(
        self,
        run: Path,
        name: str,
        surface: Surface,
        recipe: Mapping[str, Any] | None = None,
        *,
        resume: bool = False,
    ) -> None:
        self.folder = run / "surfaces" / check_name(name)
        self.saved = 0  # points
        if not resume:
            with new_folder(self.folder) as draft:
                _lay_out(create_group(draft, _attributes(surface, recipe or {})), surface)
        self._arrays = open_arrays(self.folder, _FILLED)

    def save(self, surface: Surface) -> int:
        """Write every point evaluated so far; return how many, once they survive the end of this process."""
        with writing(self.folder):
            for name in _FILLED:
                self._arrays[name][...] = getattr(surface, name)
        self.saved = int(surface.evaluated.sum())
        return self.saved


def keep(news: Generator[Tile], start: Callable[[Surface], SurfaceWriter] | None = None) -> Generator[SurfaceProgress]:
    """Tell of each tile how much is saved, by the writer that `start` makes for the surface, if it is given.

    It saves twice a second and at the end, also when the end comes early. Closing it closes `news`.
    """
    writer: SurfaceWriter | None = None
    surface: Surface | None = None
    last = monotonic()
    with closing(news):
        try:
            for tile in news:
                surface = tile.surface
                if start is not None and writer is None:
                    writer = start(surface)
                if writer and (tile.done == tile.total or monotonic() - last >= _SECONDS_BETWEEN_SAVES):
                    writer.save(surface)
                    last = monotonic()
                yield SurfaceProgress(surface, tile.done, tile.total, writer.saved if writer else 0)
        finally:
            if writer and surface and not (surface.complete and writer.saved == surface.evaluated.size):
                writer.save(surface)


def _attributes(surface: Surface, recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "surface",
        "projection": surface.plane.name,
        "labels": list(surface.plane.labels),
        "random_walk": None if np.isnan(surface.plane.random_walk) else surface.plane.random_walk,
        "split": surface.split,
        "examples": surface.examples,
        "available": surface.available,
        "recipe": dict(recipe),
    }


def _lay_out(group: zarr.Group, surface: Surface) -> None:
    write_array(group, "a", surface.grid.a, ("a",))
    write_array(group, "b", surface.grid.b, ("b",))
    write_array(group, "centre", surface.plane.centre, ("parameter",))
    write_array(group, "directions", surface.plane.directions, ("direction", "parameter"))
    if surface.rows is not None:
        write_array(group, "rows", surface.rows, ("example",))
    for name in _FILLED:
        write_array(group, name, getattr(surface, name), _CELLS)


def surface_names(run: Path) -> list[str]:
    """Return the names of the surfaces in a run's folder."""
    folder = run / "surfaces"
    names = [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    return sorted(name for name in names if _NAME.fullmatch(name))


def read_surface(run: Path, name: str) -> tuple[Surface, dict[str, Any]]:
    """Return the surface called `name` in a run's folder, and its recipe; RunError when it is damaged."""
    stored = Stored(run / "surfaces" / check_name(name), "surface")
    attributes = stored.attributes
    evaluated = stored.read("evaluated")  # first: a point that it marks is in what is read after it
    try:
        walk = attributes["random_walk"]
        plane = Plane(
            stored.read("centre"),
            stored.read("directions"),
            tuple(attributes["labels"]),
            attributes["projection"],
            random_walk=float("nan") if walk is None else float(walk),
        )
        surface = Surface(
            plane=plane,
            grid=Grid(stored.read("a"), stored.read("b")),
            split=attributes["split"],
            examples=int(attributes["examples"]),
            available=int(attributes["available"]),
            cost=stored.read("cost"),
            accuracy=stored.read("accuracy"),
            standard_error=stored.read("standard_error"),
            evaluated=evaluated,
            rows=stored.read("rows") if "rows" in stored.group else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise stored.damaged(f"its values do not fit together ({error})") from error
    if any(getattr(surface, field).shape != surface.grid.shape for field in _FILLED):
        raise stored.damaged(f"its arrays are not of the grid's shape {surface.grid.shape}")
    return _only_evaluated(surface), dict(attributes.get("recipe", {}))


def _only_evaluated(surface: Surface) -> Surface:
    """Forget the values of points that the mask does not mark: their saving was cut short."""
    for name in ("cost", "accuracy", "standard_error"):
        getattr(surface, name)[~surface.evaluated] = np.nan
    return surface
