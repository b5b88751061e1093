"""How is one Python file run as a plugin, and its modules beside it, also when they were edited since?"""

from __future__ import annotations

import importlib
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from landscape._guard import one_line, reason
from landscape._intact import intact
from landscape._keywords import COMPLAINT
from landscape._slips import slip
from landscape.errors import PluginError

RUN_AS = "landscape_plugin_"
"""How the name of a module begins that is a plugin file."""

_OWN = __name__.partition(".")[0]
# The modules that plugin files imported from beside them: they are run anew with the file.
_helpers: set[str] = set()


def run_file(path: Path) -> ModuleType:
    """Return the module made by running the file at `path`, with the modules beside it as they are now.

    Raises
    ------
    PluginError
        When it does not run; the message names file and line. What was loaded before then stays as it was.
    """
    name = f"{RUN_AS}{path.stem}"
    module = ModuleType(name)
    module.__file__ = str(path)
    with saying_where(path), _beside(path.parent, name), warnings.catch_warnings():
        warnings.filterwarnings("ignore", COMPLAINT)  # it is said with file and line, once the class is there
        sys.modules[name] = module  # where pydantic looks annotations up
        with intact():
            # compiled here: Python's own cache takes an edit of equal length within the same second for no edit
            exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
    return module


@contextmanager
def _beside(folder: Path, name: str) -> Iterator[None]:
    """Let modules in `folder` be imported, anew; put back what was there when the block fails."""
    place, cached = str(folder), sys.dont_write_bytecode
    taken = {helper: sys.modules.pop(helper) for helper in (*_helpers, name) if helper in sys.modules}
    known = set(sys.modules)
    importlib.invalidate_caches()
    sys.path.insert(0, place)
    sys.dont_write_bytecode = True  # the cache of a helper's code could be as wrong as said above
    try:
        yield
    except BaseException:
        for new in _from(folder, set(sys.modules) - known) | {name}:
            sys.modules.pop(new, None)
        sys.modules.update(taken)
        raise
    finally:
        sys.dont_write_bytecode = cached
        sys.path.remove(place)
        if place not in sys.path:
            sys.path.append(place)  # for what is imported later, inside functions
    _helpers.update(_from(folder, set(sys.modules) - known) - {name})
    for helper, module in taken.items():
        if not _lies_in(module, folder):  # of a file elsewhere, which goes on using it
            sys.modules.setdefault(helper, module)


def _from(folder: Path, names: set[str]) -> set[str]:
    """Return those of `names` whose modules lie in `folder` as a user writes them, not as pip installs them."""
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return set()
    tops = {
        top for top in {name.partition(".")[0] for name in names} - {_OWN} if _lies_in(sys.modules.get(top), folder)
    }
    return {name for name in names if name.partition(".")[0] in tops}


def _lies_in(module: ModuleType | None, folder: Path) -> bool:
    """Whether a top-level module is a Python file in `folder`, or a package there."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return False
    path = Path(file)
    return folder in (path.parent, path.parent.parent if path.name == "__init__.py" else path.parent)


@contextmanager
def saying_where(path: Path) -> Iterator[None]:
    """Turn whatever the plugin file at `path` raises into a PluginError that names file and line."""
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{path.name}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the file does, the user is told where
        raise PluginError(_place(path, error)) from error


def _place(path: Path, error: BaseException) -> str:
    """Return what went wrong and where: the file and its line, and the helper beside it where that is the cause."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(path.parent)]
    lines = [(Path(f.filename).name, f.lineno) for f in frames if f.filename == str(path)][-1:]
    lines += [(Path(f.filename).name, f.lineno) for f in frames[-1:] if f.filename != str(path)]
    meant = slip(error)
    text = reason(error) if meant is None else one_line(meant.says)
    if meant is not None and meant.file and Path(meant.file).is_relative_to(path.parent):
        lines = [*(lines[:1] if meant.file != str(path) else []), (Path(meant.file).name, meant.line)]
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(path.parent):
        ours = error.filename == str(path)
        lines = [*([] if ours else lines[:1]), (Path(error.filename).name, error.lineno)]
        text = error.msg
    where = ": ".join(f"{name}, line {line}" if line else name for name, line in lines or [(path.name, 1)])
    return f"{where}: {text}"
