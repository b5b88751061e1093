"""How is a figure written to a file? As a page that needs no network, as an image, or as JSON."""

from __future__ import annotations

import html
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten

import plotly.graph_objects as go

from landscape.errors import FigureError

_CONFIG = {"displaylogo": False, "showSendToCloud": False, "responsive": True}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>html, body {{ height: 100%; margin: 0; background: {background}; }}</style>
</head>
<body>
{figure}
</body>
</html>
"""


def save(figure: go.Figure, path: str | os.PathLike[str], *, scale: float = 2) -> Path:
    """Write `figure` to `path` and return the path; the suffix says how.

    ``.html`` is a page with all of Plotly inside, which opens without a network; ``.png`` and ``.svg`` are
    images of the figure's size (1000×700), PNG with `scale` dots per unit; ``.json`` is Plotly's own format.
    The file appears only when it is complete.

    Raises
    ------
    FigureError
        When the suffix is none of these, the folder does not exist, or what images need is not installed.
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise FigureError(f"a figure cannot be written to {path.name!r}: the name must end in {', '.join(_WRITERS)}")
    if not path.parent.is_dir():
        raise FigureError(f"the folder {str(path.parent)!r} does not exist: create it first")
    _replace(path, write(figure, scale))
    return path


def _replace(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step, so that no reader ever sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp gives access to the owner alone; a figure gets what any new file would.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _html(figure: go.Figure, scale: float) -> bytes:
    """Return a page of its own, with Plotly in it."""
    # Without its fixed size the figure fills the window.
    free = go.Figure(figure).update_layout(width=None, height=None)
    body = free.to_html(full_html=False, include_plotlyjs=True, include_mathjax=False, config=_CONFIG)
    title = html.escape(figure.layout.title.text or "landscape")
    background = figure.layout.template.layout.paper_bgcolor or "#ffffff"
    return _PAGE.format(title=title, background=background, figure=body).encode()


def _json(figure: go.Figure, scale: float) -> bytes:
    """Return Plotly's JSON."""
    text: str = figure.to_json()
    return text.encode()


def _no_farewell(record: logging.LogRecord) -> bool:
    """Return whether to log: a closing browser says ``{bye}``, which is no JSON and harmless, but is reported."""
    return "JSONError" not in record.getMessage()


def _image(suffix: str) -> Callable[[go.Figure, float], bytes]:
    """Return a function that renders a figure in a hidden browser."""

    def render(figure: go.Figure, scale: float) -> bytes:
        try:
            # Not by way of figure.to_image, whose page asks the network for MathJax.
            from kaleido import calc_fig_sync
        except ImportError as error:
            raise FigureError(
                'images need the package kaleido: pip install "landscape-explorer[png]", or save as .html'
            ) from error
        logging.getLogger("choreographer.channels.pipe").addFilter(_no_farewell)
        options = {"format": suffix, "width": figure.layout.width, "height": figure.layout.height, "scale": scale}
        try:
            image: bytes = calc_fig_sync(figure.to_dict(), opts=options, kopts={"mathjax": False})
        except RuntimeError as error:  # what kaleido raises when a browser is missing or does not start
            raise FigureError(
                f"kaleido could not draw the image ({shorten(str(error), 90)}): install Chrome or Chromium, name "
                'it in BROWSER_PATH if it is not found, renew pip install "landscape-explorer[png]", or save as '
                ".html"
            ) from error
        return image

    return render


_WRITERS: dict[str, Callable[[go.Figure, float], bytes]] = {
    ".html": _html,
    ".png": _image("png"),
    ".svg": _image("svg"),
    ".json": _json,
}
