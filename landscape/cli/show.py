"""What is in a run, and how is it drawn from a terminal?"""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import typer

from landscape.cli.options import Debug, Plugins, RunFolder, open_run
from landscape.cli.output import Output, number, percent
from landscape.cli.surface import examples, figure_of
from landscape.errors import FigureError, RunError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from landscape.runs import Run

# More epochs than this do not fit on a screen; the table shows as many, evenly spread.
_MOST_ROWS = 25
Drawing = Literal["surface", "contour", "cost", "weights"]


def show(
    run: RunFolder,
    figure: Annotated[Drawing | None, typer.Option(help="Draw this, instead of saying what is in the run.")] = None,
    surface: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which surface to draw; by default the first.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to draw: .html, .png or .svg; by default a page beside the run, opened."
        ),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Say what is in RUN (experiment, history, surfaces), or draw it.

    For instance:

      landscape show runs/mnist.zarr
      landscape show runs/mnist.zarr --figure cost
      landscape show runs/mnist.zarr --figure surface --out surface.png
    """
    opened = open_run(run, plugin)
    output = Output()
    if figure is None:
        _describe(opened, output)
        return
    from landscape.figures import save

    path = out or run.with_name(f"{run.resolve().stem}-{figure}.html")
    save(_draw(opened, figure, surface), path)
    output.line(f"drawn in {path}")
    if out is None and not no_open:
        webbrowser.open(path.resolve().as_uri())


def _describe(run: Run, output: Output) -> None:
    output.line("experiment", style="bold cyan")
    output.facts((name, _setting(value)) for name, value in run.described.items())
    output.line("\nprovenance", style="bold cyan")
    output.facts(_provenance(run))
    output.line("\nhistory", style="bold cyan")
    head = ("epoch", "train cost", "test cost", "train accuracy", "test accuracy")
    output.table(head, _history(run), right=range(5))
    output.line("\nending", style="bold cyan")
    output.facts(_ending(run))
    if run.surfaces:
        output.line("\nsurfaces", style="bold cyan")
        output.table(("name", "plane", "points", "computed", "cost", "examples", "path captured"), _surfaces(run))


def _setting(value: Any) -> str:
    """Return a setting as it may be written: a part by its name and fields."""
    if isinstance(value, dict):
        fields = [f"{key}={_setting(field)}" for key, field in value.items() if key != "name"]
        return " ".join([str(value.get("name", "")), *fields])
    if isinstance(value, list):
        return ", ".join(map(_setting, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _provenance(run: Run) -> list[tuple[str, str]]:
    made = run.provenance
    planes = ((f"surface {name}", run.provider(name)) for name in run.surfaces)
    return [
        ("made with", f"landscape {made.package}, Python {made.python}, NumPy {made.numpy}"),
        ("begun", made.created),
        *made.plugins.items(),
        *(plane for plane in planes if plane[1]),
        *([("data", f"SHA-256 {made.dataset[:16]}…")] if made.dataset else []),
        *(("missing", text) for text in (*run.missing(), *run.missing_projections())),
        *(("changed", text) for text in run.changed()),
    ]


def _history(run: Run) -> list[tuple[str, ...]]:
    """Return the rows of the table of epochs, thinned to what fits on a screen."""
    epochs = run.history.epochs()
    kept = np.unique(np.linspace(0, len(epochs) - 1, min(len(epochs), _MOST_ROWS)).round().astype(int))
    rows: list[tuple[str, ...]] = []
    for k in kept:
        epoch, train_cost, test_cost, train_accuracy, test_accuracy = epochs[k]
        rows.append((str(epoch), *map(number, (train_cost, test_cost)), *map(percent, (train_accuracy, test_accuracy))))
    return rows


def _ending(run: Run) -> list[tuple[str, str]]:
    return [
        ("ended", run.ended),
        ("steps", f"{len(run.history.batch_cost):,} in {run.seconds:.2f} s"),
        ("path", f"{len(run.path):,} snapshots of {run.path.thetas.shape[1]:,} parameters"),
    ]


def _surfaces(run: Run) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, surface in run.surfaces.items():
        finite = surface.cost[np.isfinite(surface.cost)]
        nb, na = surface.grid.shape
        rows.append(
            (
                name,
                surface.plane.name,
                f"{na} × {nb}",
                f"{100 * surface.evaluated.mean():.0f} %",
                f"{number(finite.min())} to {number(finite.max())}" if finite.size else "–",
                examples(surface) if surface.available > 1 else "–",
                percent(surface.plane.captured(run.path.thetas)),
            )
        )
    return rows


def _draw(run: Run, drawing: Drawing, surface: str | None) -> go.Figure:
    """Return the figure of a run; RunError or FigureError when it has nothing to draw."""
    if drawing == "cost":
        return _cost(run)
    if drawing == "weights":
        return _weights(run)
    if not run.surfaces:
        raise RunError(f"the run has no surface to draw: compute one with `landscape surface {run.folder}`")
    name = surface or next(iter(run.surfaces))
    if name not in run.surfaces:
        raise RunError(f"the run has no surface {name!r}; it has {', '.join(run.surfaces)}")
    return figure_of(run, run.surfaces[name], "contour" if drawing == "contour" else "3d")


def _cost(run: Run) -> go.Figure:
    from landscape.figures import cost_figure

    history = run.history
    return cost_figure(
        history.batch_cost,
        history.epoch,
        history.train_cost,
        history.test_cost,
        history.train_accuracy,
        history.test_accuracy,
    )


def _weights(run: Run) -> go.Figure:
    from landscape.figures import weights_figure

    objective = run.outline()
    shape = getattr(getattr(objective, "data", None), "image_shape", None)
    if shape is None:
        raise FigureError("the inputs of this run are no images: its first weights cannot be drawn as some")
    return weights_figure(objective.layout["layer1.weight"].view(run.theta), shape)
