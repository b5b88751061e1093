"""Broken plugin distributions, all at once: every command works, and each is listed with its reason in one line."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import landscape

ROOT = Path(landscape.__file__).parents[1]
HEAD = """
import itertools, os, sys, threading, time
from typing import Any
import numpy as np
from pydantic import Field
from landscape import Activation, Cost, hookimpl
"""
COST = (
    HEAD
    + """
class Mine(Cost):
    name = "{name}"

    def per_example(self, outputs, targets):
        return np.square(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)

@hookimpl
def register_costs():
    return [Mine]
"""
)


def cost(name="mine", *, body="", before="", returns="[Mine]", hook="def register_costs():"):
    """Return the source of a plugin module with one cost, changed as the arguments say."""
    source = COST.format(name=name).replace("def register_costs():", hook)
    source = source.replace('    name = "', f'{textwrap.indent(body, "    ")}\n    name = "', 1) if body else source
    return source.replace("return [Mine]", f"return {returns}").replace("class Mine", f"{before}\nclass Mine", 1)


# What a distribution does, and what its line must say.
BROKEN = {
    "needs-more": (
        "import a_module_that_is_missing",
        "ModuleNotFoundError: No module named 'a_module_that_is_missing'",
    ),
    "odd-syntax": ("x = 1\ny = = 2", "SyntaxError: invalid syntax (odd_syntax.py, line 2)"),
    "odd-helper": ("import odd_helper_inside", "(odd_helper_inside.py, line 3)"),
    "odd-hook": (cost(hook="def register_cost():"), "'register_cost' is not a hook. Did you mean 'register_costs'?"),
    "hook-with-argument": (cost(hook="def register_costs(manager):"), "hooks take no arguments"),
    "no-hook": ("x = 1", "it implements no hook: mark one of register_costs"),
    "bare-hook": (cost().replace("@hookimpl", ""), "mark register_costs with `@landscape.hookimpl`"),
    "lone-class": (cost().partition("@hookimpl")[0], "return [Mine] from a function register_costs"),
    "async-hook": (cost(hook="async def register_costs():"), "register_costs is asynchronous"),
    "yields": (cost().replace("return [Mine]", "yield Mine"), "register_costs is a generator"),
    "counts": (cost(returns="itertools.count()"), "register_costs returned count(0): return a list of classes"),
    "bare-class": (cost(returns="Mine"), "return [Mine]"),
    "nothing": (cost(returns="None"), "register_costs returned None: return a list of classes"),
    "an-object": (cost(returns="[Mine()]"), "return the class, Mine"),
    "an-int": (cost(returns="[3]"), "3 is not a class derived from landscape.Cost"),
    "another-kind": (cost(hook="def register_activations():"), "return it from register_costs"),
    "no-kind": (cost().replace("Mine(Cost)", "Mine"), "derive Mine from it"),
    "abstract": (cost().replace("def gradient", "def gradients"), "lacks gradient; 'gradients' looks like 'gradient'"),
    "odd-name": (cost("Not a name"), "Mine.name = 'Not a name': a name is a lower-case letter"),
    "no-name": (
        cost().replace('    name = "mine"\n', ""),
        'Mine has no name: write one into the class, as name = "mine"',
    ),
    "no-default": (cost(body="delta: float"), "Mine has no default for delta"),
    "bad-default": (
        cost(body="delta: float = Field(-1.0, gt=0, validate_default=True)"),
        "rejects its own defaults: delta",
    ),
    "no-json": (cost(body="delta: Any = Field(default_factory=object)"), "Mine() fails"),
    "raises-in-schema": (
        cost(
            body="@classmethod\n"
            "def __get_pydantic_json_schema__(cls, core, handler):\n    raise RuntimeError('no schema')"
        ),
        "Mine has a field that JSON cannot say: RuntimeError: no schema",
    ),
    "raises-in-default": (cost(body="delta: float = Field(default_factory=lambda: 1 / 0)"), "ZeroDivisionError"),
    "raises-in-subclass": (
        cost(before="class Cost(Cost):\n    def __init_subclass__(cls, **k):\n        raise TypeError('no heirs')"),
        "TypeError: no heirs",
    ),
    "raises-speechless": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n    __repr__ = __str__\nraise Odd",
        "Odd (which cannot say what is wrong: ValueError)",
    ),
    "shows-nothing": (
        cost(before="class Odd:\n    def __repr__(self):\n        raise ValueError\n", returns="[Odd()]"),
        "an object of Odd is not a class",
    ),
    "says-much": ("raise ValueError('one\\x1b[2J ' * 100_000 + '\\ntwo')", "ValueError: one [2J one"),
    "recurses": ("def f(): return f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    "exits": ("import sys\nsys.exit('good bye')", "SystemExit: good bye"),
    "exits-softly": ("raise SystemExit", "SystemExit"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "asks": ("input('your name? ')", "EOFError"),
    "ends-its-thread": ("import _thread\n_thread.exit()", "SystemExit"),
    "shallow": ("import sys\nsys.setrecursionlimit(60)\nimport a_module_that_is_missing", "a_module_that_is_missing"),
    "closes-output": ("import sys\nprint('noise')\nsys.stdout.close()\nsys.stdout = None\n1 / 0", "ZeroDivisionError"),
    "moves-away": ("import os\nos.chdir('/')\n1 / 0", "ZeroDivisionError"),
    "replaces-numpy": (
        cost(before="np.float64 = None\nnp.exp = lambda *a, **k: 1 / 0"),
        "it changed numpy.exp, numpy.float64, which others use, and which was put back",
    ),
    "replaces-open": (cost(before="import builtins\nbuiltins.open = None"), "it changed builtins.open"),
    "clears-path": (
        "import sys\nsys.path.clear()\nsys.modules.pop('json', None)\nsys.modules['typer'] = None",
        "it changed sys.modules['typer'], sys.modules['json'], sys.path",
    ),
    "prints-forever": ("while True:\n    print('noise')", "it did not finish loading within 1 s"),
    "holds-on": (
        "import time\nwhile True:\n    try:\n        time.sleep(0.01)\n    except BaseException:\n        pass",
        "it did not finish loading within 1 s",
    ),
    "twice": (cost(returns="[Mine, type('Again', (Mine,), {})]"), "cost 'mine' is registered twice"),
}
# Those that do odd things and work.
WORKING = {
    "healthy": cost(
        "healthy",
        body='"""Squared differences."""\nsource = "folklore"\n'
        'delta: float = Field(1.0, gt=0, le=5, description="A number")',
    )
    .replace("np.square(", "self.delta * np.square(")
    .replace("2 * (", "2 * self.delta * ("),
    "chatty": cost(
        "chatty",
        before="print('noise ' * 100_000)\nos.write(1, b'noise')\nos.system('echo noise')\n"
        "sys.__stdout__.write('noise')\nimport warnings\nwarnings.warn('noise')",
    ),
    "asks-for-others": cost("curious", before="import landscape\nlandscape.Experiment(cost='quadratic')"),
    "rival-one": cost("rival"),
    "rival-two": cost("rival"),
    "twice": BROKEN["twice"][0],
}
_started = []
METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.2.3\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of installed distributions, as pip leaves them."""
    folder = tmp_path_factory.mktemp("site")
    for name, source in {**{name: broken[0] for name, broken in BROKEN.items()}, **WORKING}.items():
        install(folder, name, source)
    (folder / "odd_helper_inside.py").write_text("x = 1\n\ny = (")
    wanted = "Requires-Dist: landscape-explorer>=99 ; python_version > '3'\n"
    install(folder, "too-new", cost("too_new"), metadata=METADATA.format("too-new") + wanted)
    extra = "Requires-Dist: landscape-explorer>=99 ; extra == 'all'\nRequires-Dist: other==what\n"
    install(folder, "satisfied", cost("satisfied"), metadata=METADATA.format("satisfied") + extra)
    install(
        folder,
        "unreadable",
        cost(),
        metadata=METADATA.format("unreadable") + "Requires-Dist: landscape-explorer what\n",
    )
    install(folder, "nameless", cost(), metadata="")
    install(folder, "binary", cost(), metadata=b"\xff\xfe\x00")
    install(folder, "no-such-module", None)
    install(folder, "attribute", cost(), points="[landscape]\nattribute = attribute:Mine\n")
    install(folder, "no-module-name", cost(), points="[landscape]\nno-module-name = what is this?\n")
    install(folder, "malformed", cost(), points="[landscape]\nmalformed\n")
    install(folder, "not-ours", None, points="[another]\nmalformed\n")
    return folder


def install(folder, name, source, *, metadata=None, points=None):
    module = name.replace("-", "_")
    if source is not None:
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{module}-1.2.3.dist-info"
    info.mkdir(exist_ok=True)
    content = METADATA.format(name) if metadata is None else metadata
    (info / "METADATA").write_bytes(content if isinstance(content, bytes) else content.encode())
    (info / "entry_points.txt").write_text(points or f"[landscape]\n{name} = {module}\n")


def start(site, folder, *words, **environment):
    """Start ``landscape`` in `folder`, with the distributions of `site`."""
    settings = {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "LANDSCAPE_PLUGIN_TIMEOUT": "1", "OMP_NUM_THREADS": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LANDSCAPE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "landscape", *map(str, words)],
        env=kept | settings | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    _started.append(process)
    return process


@pytest.fixture(autouse=True, scope="module")
def _none_left():
    """End what a failed test leaves running."""
    yield
    for process in _started:
        process.kill()
        process.communicate()


def ended(process):
    """Return what a process printed, having found that it did well."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def listed(site, folder):
    """What ``landscape plugins`` says, as a table and as JSON."""
    both = [start(site, folder, "plugins"), start(site, folder, "plugins", "--json")]
    table, text = map(ended, both)
    return table, json.loads(text)


def test_there_are_more_than_twenty_broken_distributions():
    assert len(BROKEN) > 20


@pytest.mark.parametrize("name", BROKEN)
def test_each_is_listed_with_its_reason_in_one_line(listed, name):
    table, entries = listed
    (entry,) = [one for one in entries if one["distribution"] == name and one["status"] == "failed"]
    assert BROKEN[name][1] in entry["reason"]
    assert entry["version"] == "1.2.3"
    assert len(entry["reason"]) < 500
    assert entry["reason"].isprintable()
    assert any(name in line and f"✗ {entry['reason']}" in line for line in table.splitlines())


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        (
            "too-new",
            ["it requires landscape-explorer >=99, but", landscape.__version__, "pip install", "version of too-new"],
        ),
        ("unreadable", ["its requirement 'landscape-explorer what' cannot be read"]),
        ("attribute", ["its entry point says 'attribute:Mine', which is no module: write attribute = 'attribute'"]),
        ("no-module-name", ["its entry point says 'what is this?', which is no module"]),
        ("malformed", ["its entry_points.txt lists nothing readable under [landscape]: install it again"]),
        ("no-such-module", ["No module named 'no_such_module'"]),
    ],
)
def test_what_is_wrong_with_metadata_is_said(listed, name, reasons):
    (entry,) = [one for one in listed[1] if one["distribution"] == name]
    assert entry["status"] == "failed"
    assert all(reason in entry["reason"] for reason in reasons)


def test_damaged_metadata_are_said_of_a_distribution_that_cannot_be_named(listed):
    unknown = [entry for entry in listed[1] if entry["distribution"] == "unknown"]
    assert sorted(entry["name"] for entry in unknown) == ["binary", "nameless"]
    assert all("its metadata say no name and version" in entry["reason"] for entry in unknown)


def test_those_that_work_work(listed):
    working = {e["key"] for e in listed[1] if e["status"] == "ok" and e["distribution"] != "landscape-explorer"}
    assert working == {
        "healthy:healthy",
        "chatty:chatty",
        "asks-for-others:curious",
        "satisfied:satisfied",
        "rival-one:rival",
        "rival-two:rival",
        "twice:mine",
    }
    names = [
        entry["name"] for entry in listed[1] if entry["key"] in ("rival-one:rival", "rival-two:rival", "twice:mine")
    ]
    assert names == ["rival-one:rival", "rival-two:rival", "mine"]


def test_nothing_that_is_printed_at_import_reaches_the_output(listed):
    assert "noise" not in listed[0]


def test_json_says_everything_of_a_plugin(listed):
    (entry,) = [entry for entry in listed[1] if entry["key"] == "healthy:healthy"]
    assert (entry["kind"], entry["name"], entry["version"], entry["reason"]) == ("cost", "healthy", "1.2.3", "")
    assert (entry["doc"], entry["source"]) == ("Squared differences.", "folklore")
    (field,) = entry["fields"]
    assert (field["name"], field["default"], field["description"]) == ("delta", 1.0, "A number")
    assert "5" in field["bounds"]


def test_every_command_works(site, folder):
    small = ["dataset=xor", "hidden=3", "epochs=1", "cost=healthy", "cost.delta=2"]
    settings = [word for setting in small for word in ("--set", setting)]
    assert "finished after step" in ended(start(site, folder, "train", *settings, "--out", "run.zarr"))
    explored = start(site, folder, "explore", "run.zarr", "--no-browser")
    processes = {
        "show": start(site, folder, "show", "run.zarr"),
        "surface": start(site, folder, "surface", "run.zarr", "--resolution", "3"),
        "schema": start(site, folder, "schema"),
        "describe": start(site, folder, "describe", "cost", "healthy"),
        "check": start(site, folder, "check", "cost", "healthy"),
        "new": start(site, folder, "new", "cost", "log_cauchy"),
        "train": start(site, folder, "train", "--print-config"),
    }
    said = {name: ended(process) for name, process in processes.items()}
    assert "healthy:healthy 1.2.3" in said["show"]
    assert "3 × 3" in said["surface"]
    assert "healthy" in json.dumps(json.loads(said["schema"]))
    assert "A number" in said["describe"]
    assert "✗" not in said["check"]
    assert (folder / "landscape-log_cauchy").is_dir() or (folder / "landscape-log-cauchy").is_dir()
    assert 'name = "mnist"' in said["train"]
    first = explored.stdout.readline()
    explored.send_signal(signal.SIGINT)
    errors = explored.communicate(timeout=60)[1]
    assert "http://" in first, errors


def test_a_command_says_in_one_line_that_some_failed_to_load_unless_it_is_quiet_or_lists_them(site, folder):
    said = "2 plugins failed to load: see `landscape plugins`"
    few = {"LANDSCAPE_PLUGINS": "healthy,needs-more,odd-syntax"}
    small = [word for setting in ("dataset=xor", "hidden=2", "epochs=1") for word in ("--set", setting)]
    loud, quiet, schema, listing = (
        start(site, folder, *words, **few)
        for words in (
            ["train", *small, "--out", "loud.zarr"],
            ["train", *small, "--out", "quiet.zarr", "--quiet"],
            ["schema"],
            ["plugins"],
        )
    )
    assert said in loud.communicate(timeout=120)[1].splitlines()
    assert quiet.communicate(timeout=120)[1] == ""
    output, errors = schema.communicate(timeout=120)
    assert errors.splitlines() == [said]
    assert "healthy" in json.dumps(json.loads(output))
    assert listing.communicate(timeout=120)[1] == ""
    one = start(site, folder, "describe", "cost", "healthy", LANDSCAPE_PLUGINS="healthy,needs-more")
    assert one.communicate(timeout=120)[1] == "1 plugin failed to load: see `landscape plugins`\n"


def test_a_name_of_two_is_an_error_that_names_both_only_when_it_is_asked_for(site, folder):
    process = start(site, folder, "train", "--set", "cost=rival", LANDSCAPE_PLUGINS="rival-one,rival-two")
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "rival-one 1.2.3 and rival-two 1.2.3: write 'rival-one:rival' or 'rival-two:rival'" in errors


def test_the_environment_restricts_and_is_strict(site, folder):
    chosen = "healthy, Rival_One, helthy"
    one, none, strict, odd = (
        start(site, folder, "plugins", **{"LANDSCAPE_PLUGINS": chosen, **more})
        for more in ({}, {"LANDSCAPE_PLUGINS": ""}, {"LANDSCAPE_STRICT": "1"}, {"LANDSCAPE_PLUGIN_TIMEOUT": "soon"})
    )
    table = ended(one)
    others = [line.split() for line in table.splitlines() if "landscape-explorer" not in line.split()[2]][1:]
    assert [line[1:3] for line in others] == [["healthy", "healthy"], ["rival", "rival-one"], ["helthy", "helthy"]]
    assert "LANDSCAPE_PLUGINS names it" in table
    assert "Did you mean 'healthy'?" in table
    assert {line.split()[2] for line in ended(none).splitlines()[1:]} == {"landscape-explorer"}
    assert "helthy" in strict.communicate(timeout=60)[1]
    assert strict.returncode == 2
    assert "LANDSCAPE_PLUGIN_TIMEOUT = 'soon': set a number of seconds" in odd.communicate(timeout=60)[1]


def test_ctrl_c_ends_a_load_that_does_not_end(site, folder):
    # the signal must come while the endless module is being loaded, which it says where nothing is kept apart
    install(folder, "waits", "import os, time\nos.write(2, b'here\\n')\nwhile True:\n    time.sleep(0.01)")
    process = start(folder, folder, "plugins", LANDSCAPE_PLUGIN_TIMEOUT="600")
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130


def test_what_a_file_prints_does_not_stand_among_the_results(site, folder):
    (folder / "noisy.py").write_text("print('noise')\n" + cost("noisy"))
    process = start(folder, folder, "plugins", "--json", "--plugin", "noisy.py")
    output, errors = process.communicate(timeout=60)
    assert "noisy.py:noisy" in [entry["key"] for entry in json.loads(output)]
    assert "noise" in errors
