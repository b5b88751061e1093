"""How is a new distribution written? From templates, whole or not at all, over nothing that is there."""

from __future__ import annotations

import json
import re
import tempfile
from importlib import resources
from pathlib import Path
from string import Template

from landscape import __version__
from landscape.describe import use
from landscape.errors import PluginError, suggest
from landscape.kinds import KINDS, KindName
from landscape.scaffold.names import class_name, distribution_name, module_name, why_unusable

_AUTHOR = re.compile(r"(?P<name>[^<>]*?)\s*(?:<(?P<email>[^<>@\s]+@[^<>@\s]+)>)?")


def create(kind: str, name: str, *, folder: str | Path = ".", author: str = "") -> Path:
    """Write a distribution that provides the plugin `name` of a kind, and return its folder.

    Parameters
    ----------
    kind, name : what experiments will call it.
    folder : where to put the distribution's own folder, ``landscape-<name>``.
    author : such as ``"Ada Lovelace <ada@example.org>"``, for the distribution's metadata.

    Raises
    ------
    PluginError
        When there is no such kind, the name or the author cannot be used, `folder` is no folder, or the
        distribution's folder is there.
    """
    known = _known(kind)
    if problem := why_unusable(known, name):
        raise PluginError(problem)
    target = Path(folder) / distribution_name(name)
    if not target.parent.is_dir():
        raise PluginError(f"{str(folder)!r} is not a folder: create it first, or name another with --folder")
    if target.exists() or target.is_symlink():
        raise PluginError(
            f"{str(target)!r} is there already, and nothing is overwritten: choose another name, or another place "
            "with --folder"
        )
    files = _files(known, name, author)
    # Beside the target, on the same disk: what is complete appears at once, and what is not never does.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        made = Path(scratch) / target.name
        for path, text in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text, encoding="utf-8")
        made.rename(target)
    return target


def _known(kind: str) -> KindName:
    for known in KINDS:
        if kind == known:
            return known
    raise PluginError(f"there is no kind {kind!r}.{suggest(kind, KINDS)} Kinds: {', '.join(KINDS)}")


def _files(kind: KindName, name: str, author: str) -> dict[str, str]:
    """Return the text of every file by its path in the distribution."""
    values = {
        "kind": kind,
        "name": name,
        "Class": class_name(name),
        "module": module_name(name),
        "distribution": distribution_name(name),
        "version": __version__,
        "authors": _authors(author),
        "use": " ".join(["landscape", *use(kind, name)]),
    }
    templates = {
        ".gitignore": "gitignore",
        "README.md": "README.md",
        "pyproject.toml": "pyproject.toml",
        f"{module_name(name)}.py": f"{kind}.py",
        f"tests/test_{name}.py": f"{kind}_test.py",
    }
    return {path: _template(template).substitute(values) for path, template in templates.items()}


def _template(name: str) -> Template:
    return Template(resources.files(__package__).joinpath("templates", f"{name}.txt").read_text(encoding="utf-8"))


def _authors(author: str) -> str:
    """Return the line of TOML that names the author, or ``""``."""
    if not author.strip():
        return ""
    found = _AUTHOR.fullmatch(author.strip())
    if found is None or not author.isprintable():
        raise PluginError(f"author {author!r} cannot be read: write it as 'Ada Lovelace <ada@example.org>'")
    # A JSON string of printable characters is a TOML string, too.
    known = {key: json.dumps(value, ensure_ascii=False) for key, value in found.groupdict().items() if value}
    return f"authors = [{{ {', '.join(f'{key} = {value}' for key, value in known.items())} }}]\n"
