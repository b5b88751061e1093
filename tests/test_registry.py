"""Plugins: what is found, how names are resolved, and that whatever is broken is reported and harms nothing."""

import itertools
import sys
from collections.abc import Callable
from importlib import metadata
from typing import ClassVar

import pytest
from pydantic import Field

from landscape import hookimpl
from landscape.builtin import register_costs
from landscape.costs import Huber, Quadratic
from landscape.errors import PluginError
from landscape.experiment import Experiment
from landscape.kinds import KINDS, Activation, Cost
from landscape.registry import BUILTIN, Registry, load_plugin, registry, why_invalid

COST = """
from landscape import Cost, hookimpl

class Absolute(Cost):
    name = "{name}"

    def per_example(self, outputs, targets):
        return abs(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return (outputs > targets) * 2.0 - 1.0

@hookimpl
def register_costs():
    return [Absolute]
"""


class Absolute(Cost):
    name: ClassVar[str] = "absolute"

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
        return next(iter(metadata.distribution(distribution).entry_points))

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
    install("landscape-absolute", "plug_absolute", COST.format(name="absolute"))
    provided = registry().find("cost", "absolute")
    assert (provided.distribution, provided.version) == ("landscape-absolute", "1.2.3")
    assert provided.key == "landscape-absolute:absolute"
    assert Experiment(cost="absolute").cost == provided.cls()


def test_a_broken_distribution_stops_neither_the_built_ins_nor_others(install, fresh_registry):
    install("a-broken", "plug_broken", "import no_such_module_at_all")
    install("landscape-absolute", "plug_absolute", COST.format(name="absolute"))
    assert registry().find("cost", "absolute").distribution == "landscape-absolute"
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
        (COST.replace("return [Absolute]", "return Absolute"), "return a list of classes"),
        (COST.replace("return [Absolute]", "return None"), "return a list of classes"),
        (COST.replace("return [Absolute]", "raise RuntimeError('no GPU')"), "RuntimeError: no GPU"),
    ],
)
def test_a_broken_module_is_reported_in_one_line(install, found, source, reason):
    found.load(install("landscape-broken", "plug_broken", source.format(name="absolute")))
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
    install("landscape-whole", "whole_cost", COST.format(name="absolute"))
    (tmp_path / "ruin-1.0.dist-info").mkdir()
    (tmp_path / "ruin-1.0.dist-info" / "entry_points.txt").write_text("[landscape]\nruin = ruined_module\n")
    assert registry().find("cost", "absolute").distribution == "landscape-whole"
    assert [str(f) for f in registry().failures] == [
        "plugin 'ruin' of unknown: ModuleNotFoundError: No module named 'ruined_module'"
    ]


def test_an_entry_point_to_a_module_that_is_not_there_is_a_failure(found):
    found.load(metadata.EntryPoint("ghost", "no_such_module_at_all", "landscape"))
    assert found.failures[0].distribution == "unknown"
    assert "ModuleNotFoundError" in found.failures[0].reason


class Abstract(Cost):
    name: ClassVar[str] = "abstract"

    def per_example(self, outputs, targets):
        return outputs


class Nameless(Absolute):
    name: ClassVar[str] = "Not a name"


class NameAsField(Cost):
    name: str = "absolute"

    def per_example(self, outputs, targets):
        return outputs

    def gradient(self, outputs, targets):
        return outputs


class Demanding(Absolute):
    delta: float


class SelfContradicting(Absolute):
    delta: float = Field(-1.0, gt=0, validate_default=True)


class FailsToStart(Absolute):
    def model_post_init(self, context):
        raise RuntimeError("not today")


class Unspeakable(Absolute):
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
        (Absolute(), "is not a class derived from landscape.Cost"),
        ("absolute", "'absolute' is not a class derived from landscape.Cost"),
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
    found.add(costs_of(cls, Absolute), "point", "landscape-mixed", "1.0")
    assert [f.distribution for f in found.failures] == ["landscape-mixed"]
    assert reason in found.failures[0].reason
    assert found.find("cost", "absolute").cls is Absolute


def test_one_distribution_cannot_provide_a_name_twice(found):
    found.add(costs_of(Absolute, type("Again", (Absolute,), {})), "point", "landscape-twice", "1.0")
    assert "'absolute' is registered twice" in found.failures[0].reason
    assert found.find("cost", "absolute").cls is Absolute


@pytest.fixture
def clashing(found):
    """Two distributions that both provide "absolute", and one of them "huber", which is built in."""
    other = type("Absolute", (Absolute,), {"__module__": __name__})
    theirs = type("Huber", (Absolute,), {"__module__": __name__, "name": "huber"})
    found.add(costs_of(other), "point", "landscape-one", "1.0")
    found.add(costs_of(Absolute, theirs), "point", "landscape-two", "2.0")
    return found


def test_a_clash_is_an_error_only_when_the_name_is_asked_for(clashing):
    assert clashing.failures == []
    assert clashing.find("cost", "quadratic").cls is Quadratic
    with pytest.raises(PluginError, match="several") as error:
        clashing.find("cost", "absolute")
    assert "'landscape-one:absolute' or 'landscape-two:absolute'" in str(error.value)


def test_distribution_and_name_always_tell_providers_apart(clashing):
    assert clashing.find("cost", "landscape-two:absolute").cls is Absolute
    assert clashing.find("cost", "landscape-one:absolute").cls is not Absolute
    assert clashing.find("cost", "landscape-explorer:huber").cls is Huber


def test_a_bare_name_means_the_built_in(clashing):
    assert clashing.find("cost", "huber").cls is Huber
    assert clashing.find("cost", "landscape-two:huber").distribution == "landscape-two"


def test_every_listed_name_finds_its_own_plugin(clashing):
    names = clashing.names("cost")
    assert [clashing.find("cost", name) for name in names] == clashing.provided("cost")
    assert len(set(names)) == len(names)


def test_names_mean_the_same_in_every_order_of_installation(install, fresh_registry):
    points = [
        install("landscape-one", "plug_one", COST.format(name="absolute")),
        install("landscape-two", "plug_two", COST.format(name="absolute")),
        install("landscape-three", "plug_three", COST.format(name="third")),
        install("landscape-huber", "plug_huber", COST.format(name="huber")),
        install("landscape-broken", "plug_broken", "1 / 0"),
    ]
    seen = set()
    for order in itertools.permutations(points):
        registry.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(metadata, "entry_points", lambda group, order=order: metadata.EntryPoints(order))
            found = registry()
        seen.add((tuple(found.names("cost")), tuple(p.key for p in found.provided("cost")), str(found.failures[0])))
    assert len(seen) == 1


def test_an_unknown_name_suggests_the_near_one_and_lists_all(found):
    with pytest.raises(PluginError) as error:
        found.find("cost", "qadratic")
    assert "there is no cost 'qadratic'. Did you mean 'quadratic'? Known: quadratic, cross_entropy" in str(error.value)


def test_an_unknown_name_mentions_what_failed_to_load(install, found):
    found.load(install("landscape-broken", "plug_broken", "1 / 0"))
    with pytest.raises(PluginError, match=r"1 failed to load: see `landscape plugins`"):
        found.find("cost", "absolute")


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
    module = load_plugin(plugin_file(COST.format(name="absolute")))
    assert Experiment(cost="absolute").cost == module.Absolute()
    assert registry().find("cost", "my_cost.py:absolute").cls is module.Absolute


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
    load_plugin(plugin_file(COST.format(name="absolute")))
    module = load_plugin(plugin_file(COST.format(name="renamed")))
    assert registry().find("cost", "renamed").cls is module.Absolute
    with pytest.raises(PluginError, match="there is no cost 'absolute'"):
        registry().find("cost", "absolute")


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
        (COST.replace("return [Absolute]", "return [Absurd]"), r"my_cost\.py, line 15: NameError"),
        (COST.replace("return [Absolute]", "return 1 / 0"), r"my_cost\.py, line 15: ZeroDivisionError"),
        (COST.replace("return [Absolute]", "return Absolute"), r"my_cost\.py: register_costs returned <class"),
        (COST.replace("def gradient", "def gradients"), r"my_cost\.py: Absolute lacks gradient"),
        (COST.format(name="Not a name"), r"my_cost\.py: Absolute\.name = 'Not a name'"),
    ],
)
def test_a_broken_file_is_an_error_that_says_where(plugin_file, source, message):
    before = registry().names("cost")
    with pytest.raises(PluginError, match=message):
        load_plugin(plugin_file(source.replace("{name}", "absolute")))
    assert registry().names("cost") == before
    assert registry().failures == []


def test_a_broken_edit_keeps_what_the_file_provided_before(plugin_file):
    module = load_plugin(plugin_file(COST.format(name="absolute")))
    with pytest.raises(PluginError):
        load_plugin(plugin_file("x = ("))
    assert registry().find("cost", "absolute").cls is module.Absolute


@pytest.mark.parametrize("name", ["absent.py", "folder.py", "my_cost.txt"])
def test_what_is_no_python_file_is_an_error(plugin_file, tmp_path, name):
    plugin_file("x = 1", "my_cost.txt")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(PluginError, match=r"is not a plugin file: name an existing file that ends in \.py"):
        load_plugin(tmp_path / name)
    (tmp_path / "folder.py").rmdir()
