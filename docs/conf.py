"""How are the pages built? ``sphinx-build -W -b html docs docs/_build/html``."""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import pages
from pydantic import BaseModel

import landscape

project = "landscape"
author = "The landscape developers"
project_copyright = f"2026 {author}"
version = release = landscape.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "examples"]
default_role = "code"

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {name: name for name in ("Array", "IntArray", "Split", "Ending")}
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"landscape {release}"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["wide.css"]


def escape_bars(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Escape the bars of |x| and ‖x‖: reStructuredText would take a pair of them for a substitution."""
    lines[:] = [re.sub(r"(?<!`)\|", r"\\|", line) for line in lines]


def leave_out(_app: Any, _what: str, name: str, member: Any, _skip: bool, _options: Any) -> bool | None:
    """Leave out what pydantic and named tuples add to every class."""
    said = getattr(member, "__doc__", None) or ""
    return True if name.startswith("model_") or said.startswith("Alias for field") else None


def short_signature(_app: Any, what: str, _name: str, obj: Any, *_more: Any) -> tuple[str, None] | None:
    """Say no signature for a model: it would list every validator, and the fields are documented elsewhere."""
    return ("(**fields)", None) if what == "class" and issubclass(obj, BaseModel) else None


def fill_in(_app: Any, _page: str, source: list[str]) -> None:
    """Write the captions into a page before it is parsed."""
    source[0] = pages.captioned(source[0])


def setup(app: Any) -> None:
    """Connect the functions above."""
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("autodoc-process-signature", short_signature)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("source-read", fill_in)
