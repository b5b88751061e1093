"""Imports: the package is light, and each module imports only from those before it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import landscape

ROOT = Path(landscape.__file__).parent
ORDER = """
    _blas errors _json _intact _guard layout path plane objective kinds _keywords _slips _files hookspecs _hooks
    _installed _load activations costs optimizers schedules datasets projections observers functions network builtin
    registry parts overrides
    experiment doubts figures describe surface runs training testing scaffold dashboard cli __main__
""".split()
HEAVY = {"plotly", "dash", "dash_mantine_components", "zarr", "typer", "rich", "waitress", "torch", "matplotlib"}


def modules_after(code):
    """Return the top-level modules that a fresh interpreter has loaded after running `code`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_the_package_is_light():
    loaded = modules_after("import landscape")
    assert "landscape" in loaded
    assert not loaded & (HEAVY | {"pydantic", "pluggy"})


def test_an_experiment_needs_neither_figures_nor_dashboard_nor_storage():
    assert not modules_after("import landscape\nlandscape.Experiment()") & HEAVY


def test_training_in_memory_needs_neither_figures_nor_dashboard_nor_storage():
    code = "from landscape import *\nfit(Experiment(dataset='xor', hidden=[2], epochs=1))"
    assert not modules_after(code) & HEAVY


def test_only_the_dashboard_imports_dash():
    importers = {owner(path) for path in sources() if {"dash", "waitress"} & set(foreign(path))}
    assert importers <= {"dashboard"}


def test_every_public_name_is_there():
    for name in landscape.__all__:
        assert getattr(landscape, name) is not None
    assert set(landscape.__all__) <= set(dir(landscape))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'landscape' has no attribute 'Exprimnet'"):
        landscape.Exprimnet  # noqa: B018


def sources():
    return sorted(ROOT.rglob("*.py"))


def owner(path):
    """Return the module that a source file belongs to; a sub-package counts as one."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """Yield every absolute module that is imported anywhere in a file, in functions and TYPE_CHECKING blocks too.

    ``from a import b`` yields both ``a`` and ``a.b``, since ``b`` may be a module.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(path):
    return [name.partition(".")[0] for name in imports(path) if not name.startswith("landscape.")]


def ours(path):
    """Yield the modules of this package that a file imports, by their places in the order."""
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "landscape" and rest:
            module = rest.partition(".")[0]
            yield module if module in ORDER else landscape._HOMES.get(module, module)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_those_before_it(path):
    if owner(path) == "__init__":  # the package itself loads every name on first use
        return
    place = ORDER.index(owner(path))
    later = {name for name in ours(path) if name != "__version__" and ORDER.index(name) > place}
    assert not later, f"{owner(path)} imports {', '.join(sorted(later))}, which come after it"


def test_the_order_lists_every_module_once():
    assert sorted({owner(path) for path in sources()} - {"__init__"}) == sorted(ORDER)


def test_the_import_finder_sees_functions_and_type_checking_blocks(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import landscape.surface as s\n"
        "def f():\n    from landscape import costs, Experiment\n    import plotly.graph_objects\n"
    )
    assert list(ours(path)) == ["surface", "costs", "experiment"]
    assert foreign(path) == ["typing", "plotly"]
