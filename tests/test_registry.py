"""Plugins: what is found, how names are resolved, and that whatever is broken is reported and harms nothing."""

import itertools
import json
import sys
import threading
from collections.abc import Callable
from importlib import metadata
from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field

from landscape import _guard, _load, hookimpl
from landscape._installed import Point, points
from landscape.builtin import register_costs
from landscape.costs import Huber, Quadratic
from landscape.errors import PluginError
from landscape.experiment import Experiment
from landscape.kinds import KINDS, Activation, Cost
from landscape.registry import BUILTIN, Registry, load_plugin, metadata_version, registry, why_invalid

VERSION = metadata_version()

COST = """
from landscape import Cost, hookimpl

class Taxicab(Cost):
    name = "{name}"

    def per_example(self, outputs, targets):
        return abs(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return (outputs > targets) * 2.0 - 1.0

@hookimpl
def register_costs():
    return [Taxicab]
"""


class Taxicab(Cost):
    name: ClassVar[str] = "taxicab"

    def per_example(self, outputs, targets):
        return abs(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return (outputs > targets) * 2.0 - 1.0


def costs_of(*classes):
    """Return a plugin module that provides `classes`."""

    class Module:
        @staticmethod
        @hookimpl
        def register_costs():
            return list(classes)

    return Module()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that makes a distribution on ``sys.path``, as pip would leave it, and its entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(distribution, module, source, version="1.2.3"):
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[landscape]\n{module} = {module}\n")
        return next(point for point in points(VERSION) if point.distribution == distribution)

    yield make
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def found():
    """Return a registry of the built-in costs alone."""
    new = Registry()
    new.add(costs_of(*register_costs()), "builtin", BUILTIN, "0.1.0")
    return new


@pytest.fixture
def fresh_registry():
    """Let a test build the process's registry anew, and leave none behind."""
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_built_ins_of_this_distribution(kind):
    assert {BUILTIN} == {p.distribution for p in registry().provided(kind) if p.version == "0.1.0"}
    assert all(why_invalid(kind, p.cls) == "" for p in registry().provided(kind))


def test_an_installed_distribution_is_found_through_its_entry_point(install, fresh_registry):
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    provided = registry().find("cost", "taxicab")
    assert (provided.distribution, provided.version) == ("landscape-taxicab", "1.2.3")
    assert provided.key == "landscape-taxicab:taxicab"
    assert Experiment(cost="taxicab").cost == provided.cls()


def test_a_broken_distribution_stops_neither_the_built_ins_nor_others(install, fresh_registry):
    install("a-broken", "plug_broken", "import no_such_module_at_all")
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    assert registry().find("cost", "taxicab").distribution == "landscape-taxicab"
    assert registry().find("cost", "quadratic").cls is Quadratic
    assert [(f.distribution, f.version) for f in registry().failures] == [("a-broken", "1.2.3")]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("x = 1\ndef (", "SyntaxError: invalid syntax"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("x = 1", "it implements no hook"),
        ("raise ValueError", "ValueError"),
        (COST.replace("register_costs", "register_cost"), "Did you mean 'register_costs'?"),
        (COST.replace("register_costs()", "register_costs(manager)"), "hooks take no arguments"),
        (COST.replace("return [Taxicab]", "return Taxicab"), "return [Taxicab]"),
        (COST.replace("return [Taxicab]", "return None"), "return a list of classes"),
        (COST.replace("return [Taxicab]", "raise RuntimeError('no GPU')"), "RuntimeError: no GPU"),
    ],
)
def test_a_broken_module_is_reported_in_one_line(install, found, source, reason):
    found.load(install("landscape-broken", "plug_broken", source.format(name="taxicab")))
    (failure,) = found.failures
    assert reason in failure.reason
    assert "\n" not in str(failure)
    assert (failure.entry_point, failure.distribution, failure.version) == (
        "plug_broken",
        "landscape-broken",
        "1.2.3",
    )
    assert failure.reason in str(failure)
    assert "Traceback" in failure.traceback
    assert [p.cls for p in found.provided("cost")] == register_costs()


def test_a_distribution_without_metadata_stops_nothing(install, fresh_registry, tmp_path):
    install("landscape-whole", "whole_cost", COST.format(name="taxicab"))
    (tmp_path / "ruin-1.0.dist-info").mkdir()
    (tmp_path / "ruin-1.0.dist-info" / "entry_points.txt").write_text("[landscape]\nruin = ruined_module\n")
    assert registry().find("cost", "taxicab").distribution == "landscape-whole"
    assert [str(f) for f in registry().failures] == [
        "plugin 'ruin' of unknown: its metadata say no name and version: install it again"
    ]


def test_an_entry_point_to_a_module_that_is_not_there_is_a_failure(found):
    found.load(Point("ghost", "ghosts", "1.0", metadata.EntryPoint("ghost", "no_such_module_at_all", "landscape")))
    assert found.failures[0].distribution == "ghosts"
    assert "ModuleNotFoundError" in found.failures[0].reason


def test_a_malformed_list_of_entry_points_is_reported_and_another_groups_is_not(install, tmp_path):
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    (tmp_path / "landscape_taxicab-1.2.3.dist-info" / "entry_points.txt").write_text("[landscape]\nno equals sign\n")
    (problem,) = [point.problem for point in points(VERSION) if point.distribution == "landscape-taxicab"]
    assert "its entry_points.txt cannot be read" in problem
    (tmp_path / "landscape_taxicab-1.2.3.dist-info" / "entry_points.txt").write_text("[another]\nno equals sign\n")
    assert [point for point in points(VERSION) if point.distribution == "landscape-taxicab"] == []


class Abstract(Cost):
    name: ClassVar[str] = "abstract"

    def per_example(self, outputs, targets):
        return outputs


class Nameless(Taxicab):
    name: ClassVar[str] = "Not a name"


class NameAsField(Cost):
    name: str = "taxicab"

    def per_example(self, outputs, targets):
        return outputs

    def gradient(self, outputs, targets):
        return outputs


class Demanding(Taxicab):
    delta: float


class SelfContradicting(Taxicab):
    delta: float = Field(-1.0, gt=0, validate_default=True)


class FailsToStart(Taxicab):
    def model_post_init(self, context):
        raise RuntimeError("not today")


class Unspeakable(Taxicab):
    delta: Callable = Field(abs, description="A function")


class Identity(Activation):
    name: ClassVar[str] = "identity"

    def value(self, z):
        return z

    def derivative(self, z, a):
        return z


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (Identity, "is not a class derived from landscape.Cost"),
        (Taxicab(), "is not a class derived from landscape.Cost"),
        ("taxicab", "'taxicab' is not a class derived from landscape.Cost"),
        (Abstract, "Abstract lacks gradient"),
        (Cost, "Cost lacks gradient, per_example"),
        (Nameless, "Nameless.name = 'Not a name'"),
        (NameAsField, "NameAsField.name is a field: write it without a type"),
        (Demanding, "Demanding has no default for delta"),
        (SelfContradicting, "rejects its own defaults"),
        (FailsToStart, "FailsToStart() fails: RuntimeError: not today"),
        (Unspeakable, "Unspeakable() fails: PydanticSerializationError"),
    ],
)
def test_an_invalid_class_is_reported_and_the_modules_others_are_kept(found, cls, reason):
    found.add(costs_of(cls, Taxicab), "point", "landscape-mixed", "1.0")
    assert [f.distribution for f in found.failures] == ["landscape-mixed"]
    assert reason in found.failures[0].reason
    assert found.find("cost", "taxicab").cls is Taxicab


def test_one_distribution_cannot_provide_a_name_twice(found):
    found.add(costs_of(Taxicab, type("Again", (Taxicab,), {})), "point", "landscape-twice", "1.0")
    assert "'taxicab' is registered twice" in found.failures[0].reason
    assert found.find("cost", "taxicab").cls is Taxicab


@pytest.fixture
def clashing(found):
    """Two distributions that both provide "taxicab", and one of them "huber", which is built in."""
    other = type("Taxicab", (Taxicab,), {"__module__": __name__})
    theirs = type("Huber", (Taxicab,), {"__module__": __name__, "name": "huber"})
    found.add(costs_of(other), "point", "landscape-one", "1.0")
    found.add(costs_of(Taxicab, theirs), "point", "landscape-two", "2.0")
    return found


def test_a_clash_is_an_error_only_when_the_name_is_asked_for(clashing):
    assert clashing.failures == []
    assert clashing.find("cost", "quadratic").cls is Quadratic
    with pytest.raises(PluginError, match="several") as error:
        clashing.find("cost", "taxicab")
    assert "landscape-one 1.0 and landscape-two 2.0: write 'landscape-one:taxicab' or 'landscape-two:taxicab'" in str(
        error.value
    )


def test_distribution_and_name_always_tell_providers_apart(clashing):
    assert clashing.find("cost", "landscape-two:taxicab").cls is Taxicab
    assert clashing.find("cost", "landscape-one:taxicab").cls is not Taxicab
    assert clashing.find("cost", "landscape-explorer:huber").cls is Huber


def test_a_bare_name_means_the_built_in(clashing):
    assert clashing.find("cost", "huber").cls is Huber
    assert clashing.find("cost", "landscape-two:huber").distribution == "landscape-two"


def test_every_listed_name_finds_its_own_plugin(clashing):
    names = clashing.names("cost")
    assert [clashing.find("cost", name) for name in names] == clashing.provided("cost")
    assert len(set(names)) == len(names)


def test_names_mean_the_same_in_every_order_of_installation(install, fresh_registry):
    install("landscape-one", "plug_one", COST.format(name="taxicab"))
    install("landscape-two", "plug_two", COST.format(name="taxicab"))
    install("landscape-three", "plug_three", COST.format(name="third"))
    install("landscape-huber", "plug_huber", COST.format(name="huber"))
    install("landscape-broken", "plug_broken", "1 / 0")
    ours = [d for d in metadata.distributions() if d.version == "1.2.3" and d.name.startswith("landscape-")]
    assert len(ours) == 5
    seen = set()
    for order in itertools.permutations(ours):
        registry.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(metadata, "distributions", lambda order=order: iter(order))
            found = registry()
        seen.add((tuple(found.names("cost")), tuple(p.key for p in found.provided("cost")), str(found.failures[0])))
    assert len(seen) == 1


def test_an_unknown_name_suggests_the_near_one_and_lists_all(found):
    with pytest.raises(PluginError) as error:
        found.find("cost", "qadratic")
    assert "there is no cost 'qadratic'. Did you mean 'quadratic'? Known: quadratic, absolute, " in str(error.value)


def test_a_name_like_no_other_may_be_in_a_file(found):
    with pytest.raises(PluginError, match=r"Known: quadratic, .*\. One in a file is loaded with --plugin or"):
        found.find("cost", "xyz")


def test_the_name_of_another_kind_is_recognized():
    with pytest.raises(PluginError, match=r"there is no cost 'relu'\. There is one of the kind activation\."):
        registry().find("cost", "relu")


def test_an_unknown_name_mentions_what_failed_to_load(install, found):
    found.load(install("landscape-broken", "plug_broken", "1 / 0"))
    with pytest.raises(PluginError, match=r"1 failed to load: see `landscape plugins`"):
        found.find("cost", "taxicab")


def test_installing_a_plugin_changes_no_experiment(install, fresh_registry):
    before = Experiment()
    registry.cache_clear()
    install("a-landscape-huber", "plug_huber", COST.format(name="huber"))
    install("a-landscape-quadratic", "plug_quadratic", COST.format(name="quadratic"))
    assert Experiment() == before
    assert Experiment(cost="huber").cost == Huber()


@pytest.fixture
def plugin_file(tmp_path, fresh_registry):
    """Return a function that writes a plugin file."""

    def write(source, name="my_cost.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    yield write
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(f"landscape_plugin_{path.stem}", None)


def test_a_plugin_file_provides_its_names(plugin_file):
    module = load_plugin(plugin_file(COST.format(name="taxicab")))
    assert Experiment(cost="taxicab").cost == module.Taxicab()
    assert registry().find("cost", "my_cost.py:taxicab").cls is module.Taxicab


def test_a_file_whose_name_a_built_in_has_is_told_how_to_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(registry(), "_provided", list(registry()._provided))
    file = tmp_path / "mine.py"
    file.write_text(
        "from landscape import hookimpl\n"
        "from landscape.costs import Quadratic\n"
        "class Mine(Quadratic):\n    pass\n"
        "@hookimpl\ndef register_costs():\n    return [Mine]\n"
    )
    with pytest.warns(UserWarning, match="'quadratic' of mine.py .* write 'mine.py:quadratic'"):
        load_plugin(file)
    assert registry().find("cost", "mine.py:quadratic").cls.__name__ == "Mine"
    assert registry().find("cost", "quadratic").distribution == BUILTIN


def test_loading_a_file_again_replaces_what_it_provided(plugin_file):
    load_plugin(plugin_file(COST.format(name="taxicab")))
    module = load_plugin(plugin_file(COST.format(name="renamed")))
    assert registry().find("cost", "renamed").cls is module.Taxicab
    with pytest.raises(PluginError, match="there is no cost 'taxicab'"):
        registry().find("cost", "taxicab")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\ny = (", r"my_cost\.py, line 2: '\(' was never closed"),
        ("x = 1\n\nimport no_such_module_at_all", r"my_cost\.py, line 3: ModuleNotFoundError"),
        ("def f():\n    1 / 0\n\nf()", r"my_cost\.py, line 2: ZeroDivisionError"),
        ("import sys\nsys.exit(3)", r"my_cost\.py, line 2: SystemExit: 3"),
        ("class Odd(BaseException): ...\nraise Odd(5)", r"my_cost\.py, line 2: Odd: 5"),
        ("x = 1", r"my_cost\.py: it implements no hook"),
        (COST.replace("register_costs", "register_cost"), r"my_cost\.py: 'register_cost' is not a hook\. Did you"),
        (COST.replace("return [Taxicab]", "return [Absurd]"), r"my_cost\.py, line 15: NameError"),
        (COST.replace("return [Taxicab]", "return 1 / 0"), r"my_cost\.py, line 15: ZeroDivisionError"),
        (COST.replace("return [Taxicab]", "return Taxicab"), r"my_cost\.py: register_costs returned <class"),
        (COST.replace("def gradient", "def gradients"), r"my_cost\.py: Taxicab lacks gradient"),
        (COST.format(name="Not a name"), r"my_cost\.py: Taxicab\.name = 'Not a name'"),
    ],
)
def test_a_broken_file_is_an_error_that_says_where(plugin_file, source, message):
    before = registry().names("cost")
    with pytest.raises(PluginError, match=message):
        load_plugin(plugin_file(source.replace("{name}", "taxicab")))
    assert registry().names("cost") == before
    assert registry().failures == []


def test_a_broken_edit_keeps_what_the_file_provided_before(plugin_file):
    module = load_plugin(plugin_file(COST.format(name="taxicab")))
    with pytest.raises(PluginError):
        load_plugin(plugin_file("x = ("))
    assert registry().find("cost", "taxicab").cls is module.Taxicab


@pytest.mark.parametrize("name", ["absent.py", "folder.py", "my_cost.txt"])
def test_what_is_no_python_file_is_an_error(plugin_file, tmp_path, name):
    plugin_file("x = 1", "my_cost.txt")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(PluginError, match=r"is not a plugin file: name an existing file that ends in \.py"):
        load_plugin(tmp_path / name)
    (tmp_path / "folder.py").rmdir()


def test_distribution_and_name_mean_a_plugin_also_where_the_bare_name_would_do_and_however_pip_spells_it(clashing):
    clashing.add(costs_of(type("Third", (Taxicab,), {"name": "third"})), "point", "Landscape_Third", "1.0")
    for name in ("third", "Landscape_Third:third", "landscape-third:third", "LANDSCAPE.THIRD:third"):
        assert clashing.find("cost", name).distribution == "Landscape_Third"


def test_a_distribution_that_failed_is_named_with_its_reason_when_it_is_asked_for(install, found):
    found.load(install("landscape-broken", "plug_broken", "1 / 0"))
    with pytest.raises(PluginError, match=r"landscape-broken 1\.2\.3: ZeroDivisionError: division by zero"):
        found.find("cost", "landscape-broken:taxicab")


def test_a_plugin_that_asks_for_the_registry_while_it_is_loaded_gets_the_unfinished_one(install, fresh_registry):
    ask = "import landscape\nUSED = landscape.Experiment(cost='quadratic').cost.name\n"
    install("landscape-asking", "plug_asking", ask + COST.format(name="taxicab"))
    assert registry().failures == []
    assert registry().find("cost", "taxicab").distribution == "landscape-asking"
    assert sys.modules["plug_asking"].USED == "quadratic"


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("plug_printing", "while True:\n    print('noise')", "did not finish loading within 0.2 s"),
        ("plug_waiting", "import threading\nthreading.Event().wait()", "did not finish loading within 0.2 s"),
        ("plug_reading", "import sys\nsys.stdin.read()\n1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_does_not_end_or_prints_is_kept_apart(install, found, module, source, reason, monkeypatch, capfd):
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", "0.2")
    found.load(install("landscape-endless", module, source))
    assert reason in found.failures[0].reason
    assert capfd.readouterr() == ("", "")


def test_a_loop_that_can_be_stopped_is_stopped_and_the_streams_come_back(install, found, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", "0.2")
    before = sys.stdin, sys.stdout, sys.stderr
    found.load(install("landscape-endless", "plug_endless", "while True:\n    pass"))
    assert (sys.stdin, sys.stdout, sys.stderr) == before
    assert not [thread for thread in threading.enumerate() if thread.name == "landscape_load_plug_endless"]


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "1e9"])
def test_a_time_limit_that_is_none_is_an_error(text, fresh_registry, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", text)
    with pytest.raises(PluginError, match=r"LANDSCAPE_PLUGIN_TIMEOUT = .* set a number of seconds above 0"):
        registry()


def test_strict_makes_the_first_failure_an_error(install, fresh_registry, monkeypatch):
    install("landscape-broken", "plug_broken", "1 / 0")
    monkeypatch.setenv("LANDSCAPE_STRICT", "1")
    with pytest.raises(PluginError, match=r"plugin 'plug_broken' of landscape-broken 1\.2\.3: ZeroDivisionError"):
        registry()
    monkeypatch.setenv("LANDSCAPE_STRICT", "0")
    assert len(registry().failures) == 1
    registry.cache_clear()
    monkeypatch.setenv("LANDSCAPE_STRICT", "perhaps")
    with pytest.raises(PluginError, match="LANDSCAPE_STRICT = 'perhaps': set it to 1 or 0"):
        registry()


def test_what_the_environment_leaves_out_is_said_when_it_is_asked_for(install, fresh_registry, monkeypatch):
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    monkeypatch.setenv("LANDSCAPE_PLUGINS", "")
    with pytest.raises(PluginError, match="LANDSCAPE_PLUGINS restricts plugins to the built-in ones"):
        registry().find("cost", "taxicab")
    registry.cache_clear()
    monkeypatch.setenv("LANDSCAPE_PLUGINS", "landscape_taxicab")
    assert registry().find("cost", "taxicab").distribution == "landscape-taxicab"


def test_a_plugin_in_place_of_its_distribution_is_recognised_in_the_environment(install, fresh_registry, monkeypatch):
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    monkeypatch.setenv("LANDSCAPE_PLUGINS", "taxicab")
    (failure,) = registry().failures
    assert "Did you mean 'landscape-taxicab'?" in failure.reason


def test_a_file_imports_modules_beside_it_and_runs_them_anew(plugin_file):
    file = plugin_file("import beside_it\n" + COST.format(name="taxicab"))
    plugin_file("SCALE = 1\n", "beside_it.py")
    assert load_plugin(file).beside_it.SCALE == 1
    plugin_file("SCALE = 2\n", "beside_it.py")  # of the same length within the same second
    assert load_plugin(file).beside_it.SCALE == 2
    plugin_file("SCALE = \n", "beside_it.py")
    with pytest.raises(PluginError, match=r"my_cost\.py, line 1: beside_it\.py, line 1: invalid syntax"):
        load_plugin(file)
    assert sys.modules["beside_it"].SCALE == 2
    plugin_file("SCALE = 1\n\n1 / 0\n", "beside_it.py")
    with pytest.raises(PluginError, match=r"my_cost\.py, line 1: beside_it\.py, line 3: ZeroDivisionError"):
        load_plugin(file)
    sys.modules.pop("beside_it")


def test_an_edit_of_equal_length_within_the_same_second_is_seen(plugin_file):
    for name in ("taxicab", "manhattan"[:7], "streets"):
        load_plugin(plugin_file(COST.format(name=name)))
        assert registry().find("cost", name).distribution == "my_cost.py"


def test_files_in_different_folders_each_have_their_own_helper(plugin_file, tmp_path):
    for number, name in enumerate(("one", "two")):
        (tmp_path / name).mkdir()
        plugin_file(f"NUMBER = {number}", f"{name}/the_helper.py")
        file = plugin_file(f"import the_helper\n{COST.format(name=name)}", f"{name}/cost_{name}.py")
        assert load_plugin(file).the_helper.NUMBER == number
    sys.modules.pop("the_helper")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"x = '\xff'", r"my_cost\.py"),
        (b"x = 1\x00", r"my_cost\.py"),
        (b"eval('(')", r"my_cost\.py, line 1: SyntaxError: '\(' was never closed"),
        (b"class Odd(Exception):\n    def __str__(self):\n        raise self\nraise Odd", r"my_cost\.py, line 4: Odd"),
        (b"def f(): f()\nf()", r"my_cost\.py, line 1: RecursionError"),
    ],
)
def test_odd_files_are_errors_that_say_where(tmp_path, fresh_registry, source, message):
    (tmp_path / "my_cost.py").write_bytes(source)
    with pytest.raises(PluginError, match=message):
        load_plugin(tmp_path / "my_cost.py")


def test_two_files_of_one_name_are_told_apart(fresh_registry, tmp_path):
    first, second = (tmp_path / folder / "same.py" for folder in ("one", "two"))
    for path, name in ((first, "here"), (second, "there")):
        path.parent.mkdir()
        path.write_text(COST.format(name=name))
    load_plugin(first)
    with pytest.raises(
        PluginError, match=r"two/same\.py' has the name of '.*one/same\.py', which is loaded: rename one"
    ):
        load_plugin(second)
    assert registry().find("cost", "here").distribution == "same.py"
    first.rename(tmp_path / "moved.py")
    load_plugin(second)
    assert registry().find("cost", "there").distribution == "same.py"


MANY = (
    COST.format(name="taxicab")
    + """
@hookimpl
def register_optimizers():
    raise ValueError("no opt")

@hookimpl
def register_activations():
    return [Taxicab]

@hookimpl
def register_shedules():
    return []

@hookimpl
def register_projections(manager):
    return []
"""
)


def test_a_hook_that_fails_leaves_the_modules_other_classes(install, found):
    found.load(install("landscape-many", "plug_many", MANY))
    assert found.find("cost", "taxicab").distribution == "landscape-many"
    by_hook = dict(zip(("activation", "optimizer", "projection", "misspelt"), found.failures, strict=True))
    assert "return it from register_costs" in by_hook["activation"].reason
    assert by_hook["optimizer"].reason == "ValueError: no opt (register_optimizers, plug_many.py line 19)"
    assert "is not a hook's signature: hooks take no arguments" in by_hook["projection"].reason
    assert "'register_shedules' is not a hook. Did you mean 'register_schedules'?" in by_hook["misspelt"].reason


def test_a_class_that_raises_when_it_is_looked_at_leaves_the_others(install, found):
    meta = """
class Meta(type(Cost)):
    def __getattribute__(cls, name):
        if name == "model_fields" and "Odd" in type.__getattribute__(cls, "__name__") and BUILT:
            raise RuntimeError("not now")
        return super().__getattribute__(name)

BUILT = []

class Odd(Taxicab, metaclass=Meta):
    name = "odd"

BUILT.append(1)
"""
    source = COST.format(name="taxicab").replace("@hookimpl", meta + "\n@hookimpl").replace("[Tax", "[Odd, Tax")
    found.load(install("landscape-meta", "plug_meta", source))
    assert found.find("cost", "taxicab").distribution == "landscape-meta"
    assert [f.reason for f in found.failures] == ["RuntimeError: not now (register_costs, plug_meta.py line 17)"]


def test_the_hooks_before_one_that_does_not_end_count(install, found, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", "0.2")
    endless = "\n@hookimpl\ndef register_schedules():\n    while True:\n        pass\n"
    found.load(install("landscape-half", "plug_half", COST.format(name="taxicab") + endless))
    assert found.find("cost", "taxicab").distribution == "landscape-half"
    assert ["did not finish loading" in f.reason for f in found.failures] == [True]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f():\n    return f()\nf()", "RecursionError: maximum recursion depth exceeded (plug_where.py line 2)"),
        ("import json\n\njson.loads('{')", "(plug_where.py line 3)"),
        ("from landscape import Cots", "landscape has no 'Cots'. Did you mean 'Cost'? (plug_where.py line 1)"),
        (
            COST.format(name="taxicab").replace("    name =", "    c = 1.0\n    name ="),
            "'c' has no type. A field is written c: float = Field(…) (plug_where.py line 5)",
        ),
    ],
)
def test_the_reason_says_where_in_the_module_it_was(install, found, source, reason):
    found.load(install("landscape-where", "plug_where", source))
    assert found.failures[0].reason.endswith(reason)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("np.float64 = None", "numpy.float64"),
        ("import builtins\nbuiltins.open = None", "builtins.open"),
        ("import sys\nsys.path.clear()", "sys.path"),
        ("import sys\nsys.modules['json'] = None", "sys.modules['json']"),
        ("np.exp = None\n1 / 0", "numpy.exp"),
    ],
)
def test_a_module_that_changes_what_others_use_is_refused_and_all_is_put_back(install, found, change, said):
    before = np.float64, np.exp, open, list(sys.path), json
    source = f"import numpy as np\n{change}\n{COST.format(name='taxicab')}"
    found.load(install("landscape-patch", "plug_patch", source))
    (failure,) = found.failures
    assert failure.reason.startswith(f"it changed {said}, which others use, and which was put back: leave")
    assert ("ZeroDivisionError" in failure.reason) == ("1 / 0" in change)
    assert [p.name for p in found.provided("cost")] == [cls.name for cls in register_costs()]
    path = [place for place in before[3] if place not in sys.path]
    assert (np.float64, np.exp, open, sys.modules["json"], path) == (*before[:3], json, [])


def test_a_file_that_changes_what_others_use_is_refused_and_all_is_put_back(plugin_file):
    before = np.exp
    with pytest.raises(PluginError, match=r"^my_cost\.py: it changed numpy\.exp, which others use, and which was put"):
        load_plugin(plugin_file("import numpy as np\nnp.exp = None\n" + COST.format(name="taxicab")))
    assert np.exp is before
    hook = COST.format(name="taxicab").replace(
        "    return [", "    import numpy as np\n    np.exp = None\n    return ["
    )
    with pytest.raises(PluginError, match=r"^my_cost\.py: it changed numpy\.exp"):
        load_plugin(plugin_file(hook))
    assert np.exp is before


def test_after_one_that_takes_all_of_its_time_others_have_less(install, found, monkeypatch):
    monkeypatch.delenv("LANDSCAPE_PLUGIN_TIMEOUT", raising=False)
    monkeypatch.setattr(_guard, "_SECONDS", 0.2)
    monkeypatch.setattr(_load, "_SECONDS_LEFT", 0.1)
    for name in ("one", "two"):
        found.load(install(f"endless-{name}", f"plug_endless_{name}", "while True:\n    pass"))
    found.load(install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab")))
    first, second = (failure.reason for failure in found.failures)
    assert first.startswith("it did not finish loading within 0.2 s: import less")
    assert second.startswith(
        "it did not finish loading within 0.1 s, which is all that others have once endless-one took all of its time: "
    )
    assert found.find("cost", "taxicab").distribution == "landscape-taxicab"


def test_a_time_limit_that_is_set_is_everybodys(install, found, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", "0.2")
    monkeypatch.setattr(_load, "_SECONDS_LEFT", 0.1)
    for name in ("one", "two"):
        found.load(install(f"endless-{name}", f"plug_endless_{name}", "while True:\n    pass"))
    assert ["within 0.2 s: import" in failure.reason for failure in found.failures] == [True, True]


@pytest.fixture
def editable(install, tmp_path, fresh_registry):
    """Install a distribution whose module is a file that can be loaded as one, and return the file."""
    install("landscape-taxicab", "plug_taxicab", COST.format(name="taxicab"))
    yield tmp_path / "plug_taxicab.py"
    sys.modules.pop("landscape_plugin_plug_taxicab", None)


def test_the_file_that_an_installed_distribution_is_made_of_takes_its_place(editable, tmp_path):
    assert registry().find("cost", "taxicab").distribution == "landscape-taxicab"
    module = load_plugin(editable)
    assert Experiment(cost="taxicab").cost == module.Taxicab()
    assert registry().find("cost", "landscape-taxicab:taxicab").cls is module.Taxicab
    assert registry().find("cost", "Landscape_Taxicab:taxicab").cls is module.Taxicab
    assert [p.key for p in registry().provided("cost") if p.name == "taxicab"] == ["plug_taxicab.py:taxicab"]
    editable.write_text(COST.format(name="edited"))
    again = load_plugin(editable)
    assert registry().find("cost", "edited").cls is again.Taxicab
    with pytest.raises(PluginError, match="there is no cost 'taxicab'"):
        registry().find("cost", "taxicab")


def test_the_same_file_by_another_way_takes_its_place_too(editable, tmp_path):
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "other_name.py").symlink_to(editable)
    load_plugin(tmp_path / "link" / "other_name.py")
    assert registry().find("cost", "taxicab").distribution == "plug_taxicab.py"


def test_a_broken_edit_of_that_file_keeps_what_is_installed(editable):
    registry()
    editable.write_text("x = (")
    with pytest.raises(PluginError, match=r"plug_taxicab\.py, line 1"):
        load_plugin(editable)
    assert registry().find("cost", "taxicab").distribution == "landscape-taxicab"


def test_another_file_with_an_installed_name_says_how_to_do_without_it(editable, plugin_file):
    with pytest.warns(UserWarning, match=r"'taxicab' of my_cost\.py is not the only one: write 'my_cost\.py:taxicab'"):
        load_plugin(plugin_file(COST.format(name="taxicab")))
    with pytest.raises(PluginError) as error:
        registry().find("cost", "taxicab")
    assert str(error.value) == (
        "cost 'taxicab' is provided by several distributions and files, landscape-taxicab 1.2.3 and my_cost.py: write "
        "'landscape-taxicab:taxicab' or 'my_cost.py:taxicab', or load the installed one alone, without --plugin and "
        "load_plugin"
    )


def test_two_files_with_one_name_are_called_files(plugin_file):
    load_plugin(plugin_file(COST.format(name="taxicab")))
    with pytest.warns(UserWarning, match="is not the only one"):
        load_plugin(plugin_file(COST.format(name="taxicab"), "other.py"))
    with pytest.raises(PluginError, match=r"several files, my_cost\.py and other\.py: write [^,]*$"):
        registry().find("cost", "taxicab")
