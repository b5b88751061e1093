"""How is the cost around a run's path computed from a terminal?"""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer

from landscape.cli.options import Debug, Plugins, Quiet, RunFolder, Threads, fields, open_run
from landscape.cli.output import EXIT_INTERRUPTED, Bar, Output, number, percent
from landscape.errors import LandscapeError, RunError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from landscape.kinds import Projection
    from landscape.runs import Run, SurfaceProgress
    from landscape.surface import Surface


def _resolution(text: str) -> tuple[int, int]:
    """Return the points along both axes from ``"51"`` or ``"61x41"``."""
    from landscape.surface import GridError

    counts = text.lower().replace("×", "x").split("x")
    if not 1 <= len(counts) <= 2 or not all(count.strip().isdecimal() for count in counts):
        raise GridError(f"{text!r} is no resolution: write one number, as 51, or two, as 61x41")
    return int(counts[0]), int(counts[-1])


def surface(
    run: RunFolder,
    projection: Annotated[
        str, typer.Option(metavar="NAME", help="How to lay the plane: pca, start_end, filter_normalized, random …")
    ] = "pca",
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Change a setting of the projection, as normalization=layer."
        ),
    ] = None,
    resolution: Annotated[
        str, typer.Option(metavar="N", help="Grid points along both axes, as 51, or along each, as 61x41.")
    ] = "51",
    split: Annotated[Literal["train", "test"], typer.Option(help="Which examples to use.")] = "train",
    sample: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Use a random sample of so many examples, by default all of them."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Choose among random planes and samples.")] = 0,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to call the surface; by default as the projection.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .html, .png or .svg.")
    ] = None,
    threads: Threads = None,
    plugin: Plugins = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compute the cost on a plane through the path of RUN, and keep it there.

    What is computed is saved as it comes: after Ctrl-C the same command goes
    on where it was.

    For instance:

      landscape surface runs/mnist.zarr
      landscape surface runs/mnist.zarr --sample 2000 --figure surface.html
      landscape surface runs/mnist.zarr --projection random --split test
    """
    from landscape.figures import save

    grid = _resolution(resolution)
    opened = open_run(run, plugin, tell=not quiet)
    part = opened.projection({"name": projection, **fields(overrides)})
    called = name or _default_name(projection, split)
    taken = called in opened.surfaces
    output = Output(quiet=quiet)
    with output.bar(grid[0] * grid[1], "points", "examples") as bar:
        try:
            made = opened.surface(
                part,
                grid,
                split=split,
                sample=sample,
                seed=seed,
                workers=threads,
                name=called,
                on_progress=_News(output, bar).tell,
            )
        except KeyboardInterrupt as error:
            _stopped(opened, called)
            raise typer.Exit(EXIT_INTERRUPTED) from error
        except RunError as error:
            if taken and error.__cause__ is None:  # else the file system is the cause
                error.add_note(f"to keep both, give this one a name: --name {_free(called, opened)}")
            raise
    if not quiet:
        read_outs(opened, called, made, part, output)
    if figure is not None:
        save(figure_of(opened, made), figure)
        output.line(f"drawn in {figure}")
    elif not quiet:
        drawing = ("show", str(run), "--figure", "surface", "--surface", called)
        output.try_next([drawing, ("explore", str(run))], plugin)


def _free(name: str, run: Run) -> str:
    """Return a name like `name` that no surface of the run has."""
    return next(free for count in itertools.count(2) if (free := f"{name}-{count}") not in run.surfaces)


def _default_name(projection: str, split: str) -> str:
    """Return the projection's name as a surface may be called, with the split where it is not the usual one."""
    name = re.sub(r"[^a-z0-9_-]+", "-", projection.lower()).strip("-_")
    return name if split == "train" else f"{name}-{split}"


class _News:
    """Tells how the evaluation goes: in a progress bar or, where nobody watches, by what is saved."""

    def __init__(self, output: Output, bar: Bar) -> None:
        self._output, self._bar = output, bar
        self._saved = 0

    def tell(self, progress: SurfaceProgress) -> None:
        """Tell what is new."""
        used = progress.surface
        self._bar(
            progress.done,
            points=f"{progress.done:,} of {progress.total:,} points",
            examples=f"{used.examples:,} {used.split} examples" if used.available > 1 else "",
        )
        if progress.saved > self._saved and not self._output.live:
            self._output.note(f"saved {progress.saved} of {progress.total} points")
        self._saved = progress.saved


def _stopped(run: Run, name: str) -> None:
    """Say what is kept of an evaluation that was interrupted."""
    made = run.surfaces.get(name)
    kept = f"{int(made.evaluated.sum()):,} of {made.evaluated.size:,} points" if made else "nothing"
    Output(sys.stderr).line(f"interrupted; {kept} of surface {name!r} kept: the same command goes on from there")


def read_outs(run: Run, name: str, surface: Surface, projection: Projection, output: Output) -> None:
    """Say what a reader of the surface must know."""
    captured, walk = surface.plane.captured(run.path.thetas), projection.random_walk_captured(run.path)
    rows, columns = surface.grid.shape
    finite = surface.cost[np.isfinite(surface.cost)]
    (one, two), cosine = surface.plane.labels, round(surface.plane.cosine, 4) + 0.0  # never "-0.0000"
    facts = [
        ("surface", f"{name}, in {run.folder}"),
        ("points", f"{columns} × {rows}, {surface.nonfinite} of them without a finite cost"),
        ("axes", f"{one} and {two}, cosine {cosine:+.4f}"),
        ("captured", f"{percent(captured)} of the path; of a random walk of equal length {percent(walk)}"),
        ("cost", f"{number(finite.min())} to {number(finite.max())}" if finite.size else "nowhere finite"),
    ]
    if surface.available > 1:
        facts.append(("examples", examples(surface)))
    output.facts(facts)


def examples(surface: Surface) -> str:
    """Return how many examples a surface was computed from, and how far off its costs are for that."""
    if surface.examples == surface.available:
        return f"all {surface.available:,} {surface.split} examples"
    error = surface.standard_error[np.isfinite(surface.standard_error)]
    typical = f", standard error {number(float(np.median(error)))} (median)" if error.size else ""
    return f"{surface.examples:,} of {surface.available:,} {surface.split} examples{typical}"


def figure_of(run: Run, surface: Surface, style: Literal["3d", "contour"] = "3d") -> go.Figure:
    """Return the figure of a surface with the path, which lies on it where its true cost cannot be computed."""
    try:
        objective = run.objective
    except LandscapeError as error:  # a plugin or the data are missing, or not what they were
        Output(sys.stderr).line(f"the path is drawn on the surface, not at its own cost: {error}", style="yellow")
        return surface.figure(run.path, style=style, lifted=False)
    return surface.figure(run.path, style=style, objective=objective)
