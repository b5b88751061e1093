"""Runs whose plugin is not here as it was: they open, show all that does not need it, and say what to install."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from typer.testing import CliRunner

from landscape.activations import Identity
from landscape.cli.app import app
from landscape.costs import Quadratic
from landscape.errors import ExperimentError, PluginError, RunError
from landscape.experiment import Experiment
from landscape.observers import CSV
from landscape.optimizers import SGD
from landscape.projections import PCA
from landscape.registry import Failure, Provided, load_plugin, registry
from landscape.runs import Run
from landscape.runs.needs import needs
from landscape.training import fit

XOR = {"dataset": {"name": "xor", "train_size": 40, "test_size": 20}, "hidden": (5,), "epochs": 2, "snapshots": 40}
FOCAL = "cost 'focal' of landscape-focal 0.3 is not installed: pip install landscape-focal==0.3"


class Focal(Quadratic):
    name: ClassVar[str] = "focal"
    gamma: float = 2.0


class Other(Quadratic):
    name: ClassVar[str] = "focal"
    gamma: float = 2.0

    def per_example(self, outputs, targets):
        return 2 * super().per_example(outputs, targets)


class Lion(SGD):
    name: ClassVar[str] = "lion"


class Watch(CSV):
    name: ClassVar[str] = "watch"


class Sharpest(PCA):
    name: ClassVar[str] = "sharpest"


class Steepest(PCA):
    """Lays the plane along the gradient, which takes the cost."""

    name: ClassVar[str] = "steepest"

    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        gradient = objective.gradient(path.last)[1]
        return replace(plane, directions=np.stack([gradient, plane.directions[0]]))


class Snake(Identity):
    name: ClassVar[str] = "snake"


def provide(*plugins, version="0.3"):
    """Register classes as if a distribution of their name and of this version were installed."""
    registry()._provided += [Provided(cls, f"landscape-{cls.name}", version) for cls in plugins]


MINE = """
from landscape import hookimpl
from landscape.costs import Quadratic

class Focal(Quadratic):
    name = "focal"

    def per_example(self, outputs, targets):
        return super().per_example(outputs, {})

@hookimpl
def register_costs():
    return [Focal]
"""


@pytest.fixture(autouse=True)
def _fresh_registry():
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A run that uses plugins wherever it can, and has surfaces of a plugin's projection and of a built-in one."""
    registry.cache_clear()
    provide(Focal, Lion, Watch, Sharpest, Snake)
    folder = tmp_path_factory.mktemp("runs")
    observers = [{"name": "watch", "path": str(folder)}]
    run = fit(
        Experiment(**XOR, cost="focal", optimizer="lion", activation="snake", observers=observers),
        folder=folder / "run",
    )
    run.surface("sharpest", resolution=4, name="sharp")
    run.surface(resolution=(5, 3), name="pca")
    registry.cache_clear()
    return run


@pytest.fixture
def folder(everything, tmp_path):
    return shutil.copytree(everything.folder, tmp_path / "run")


@pytest.fixture
def without_cost(tmp_path):
    """The folder of a run whose cost alone is a plugin."""
    provide(Focal)
    run = fit(Experiment(**XOR, cost={"name": "focal", "gamma": 3}), folder=tmp_path / "focal")
    run.surface(resolution=4, name="pca")
    registry.cache_clear()
    return run.folder


def test_a_run_records_who_provided_everything_that_it_used(everything):
    assert {name: said for name, said in everything.provenance.plugins.items() if "explorer" not in said} == {
        "activation": "landscape-snake:snake 0.3",
        "cost": "landscape-focal:focal 0.3",
        "optimizer": "landscape-lion:lion 0.3",
        "observers": "landscape-watch:watch 0.3",
    }
    assert set(everything.provenance.plugins) >= {"dataset", "output", "schedule"}
    opened = Run.open(everything.folder)
    assert opened.provider("sharp") == "landscape-sharpest:sharpest 0.3"
    assert opened.provider("pca") == f"landscape-explorer:pca {opened.provenance.package}"


def test_a_run_without_its_plugins_opens_with_all_that_does_not_need_them(everything, folder):
    run = Run.open(folder)
    np.testing.assert_array_equal(run.history.batch_cost, everything.history.batch_cost)
    np.testing.assert_array_equal(run.path.thetas, everything.path.thetas)
    np.testing.assert_array_equal(run.theta, everything.theta)
    assert run.provenance == everything.provenance
    assert run.described == everything.described
    assert run.described["cost"] == {"name": "focal", "gamma": 2.0}
    for name, surface in run.surfaces.items():
        np.testing.assert_array_equal(surface.cost, everything.surfaces[name].cost)
        assert surface.figure(run.path, lifted=False).data


def test_everything_that_is_missing_is_said_with_what_to_install(folder):
    run = Run.open(folder)
    what = {"activation": "snake", "cost": "focal", "optimizer": "lion", "observer": "watch"}
    lines = {
        f"{kind} '{name}' of landscape-{name} 0.3 is not installed: pip install landscape-{name}==0.3"
        for kind, name in what.items()
    }
    assert set(run.missing()) == lines
    for ask in (lambda: run.experiment, lambda: run.objective, lambda: run.surface(resolution=3)):
        with pytest.raises(PluginError) as raised:
            ask()
        assert FOCAL in str(raised.value)
    with pytest.raises(PluginError) as raised:
        _ = run.objective
    assert "lion" not in str(raised.value)  # which the cost does not need


SHARPEST = "projection 'sharpest' of landscape-sharpest 0.3 is not installed: pip install landscape-sharpest==0.3"


def test_the_projection_of_a_saved_surface_is_said_with_what_to_install(folder):
    run = Run.open(folder)
    assert run.missing_projections() == [SHARPEST]
    shown = command("show", folder)
    assert shown.exit_code == 0, shown.output
    assert re.search(f"^missing +{SHARPEST}$", shown.output, re.MULTILINE)
    provide(Sharpest)
    assert run.missing_projections() == []


@pytest.mark.parametrize("projection", ["sharpest", {"name": "sharpest"}])
def test_a_projection_that_made_a_surface_and_is_asked_for_again_is_said_with_what_to_install(folder, projection):
    run = Run.open(folder)
    for ask in (run.projection, run.plane, run.surface):
        with pytest.raises(ExperimentError, match="there is no projection 'sharpest'") as raised:
            ask(projection)
        assert raised.value.__notes__ == [f"a surface of this run was made with it: {SHARPEST}"]
    with pytest.raises(ExperimentError) as raised:
        run.projection("another")
    assert not hasattr(raised.value, "__notes__")
    refused = command("surface", folder, "--projection", "sharpest")
    assert refused.exit_code == 2
    assert SHARPEST in refused.stderr


def test_a_plane_that_the_path_alone_decides_is_laid_all_the_same(everything, folder):
    run = Run.open(folder)
    for name in ("pca", "start_end", "random", "filter_normalized"):
        one, two = (each.plane(name, seed=3) for each in (run, everything))
        np.testing.assert_array_equal(one.directions, two.directions)
        assert one.labels == two.labels
    provide(Steepest)
    with pytest.raises(PluginError, match=r"cost 'focal' of landscape-focal 0\.3 is not installed"):
        run.plane("steepest")


def test_without_its_data_only_what_needs_no_layout_is_laid(tmp_path):
    run = fit(Experiment(**XOR), folder=tmp_path / "run")
    edit(run.folder, "dataset", {"name": "fashion"}, "landscape-fashion:fashion 1.0")
    opened = Run.open(run.folder)
    np.testing.assert_array_equal(opened.plane().directions, run.plane().directions)
    with pytest.raises(PluginError, match=r"dataset 'fashion' of landscape-fashion 1\.0 is not installed"):
        opened.plane("filter_normalized")


def test_the_nearest_experiment_has_defaults_in_place_of_what_is_missing(everything, folder):
    run = Run.open(folder)
    assert everything.nearest() is everything.experiment
    assert run.nearest() == Experiment(**XOR)
    provide(Focal, Snake)
    near = run.nearest()
    assert (type(near.cost), type(near.activation), near.optimizer) == (Focal, Snake, Experiment().optimizer)


def test_where_defaults_do_not_go_with_the_rest_nothing_but_the_seed_is_kept(tmp_path):
    run = fit(Experiment(**XOR, seed=7), folder=tmp_path / "run")
    edit(run.folder, "epochs", "many", "")
    assert Run.open(run.folder).nearest() == Experiment(seed=7)


def test_what_only_training_needs_is_not_needed_for_the_cost(everything, folder):
    provide(Focal, Snake)
    run = Run.open(folder)
    assert run.objective.evaluate(run.theta).cost == pytest.approx(run.history.train_cost[-1], rel=1e-6)
    np.testing.assert_array_equal(run.plane().directions, everything.plane().directions)
    assert run.surface(resolution=3, name="new").complete
    with pytest.raises(PluginError, match=r"optimizer 'lion' of landscape-lion 0.3 is not installed"):
        _ = run.experiment


def test_a_stored_surface_is_there_when_it_is_asked_for_again(without_cost):
    run = Run.open(without_cost)
    assert run.surface(resolution=4, name="pca").objective is None
    with pytest.raises(PluginError, match="cost 'focal'"):
        run.surface(resolution=5, name="finer")


def test_a_run_without_its_plugins_is_saved_anew_as_it_was(folder, tmp_path):
    Run.open(folder).save(tmp_path / "again")
    one, two = (json.loads((place / "zarr.json").read_text()) for place in (folder, tmp_path / "again"))
    assert one["attributes"] == two["attributes"]
    assert Run.open(tmp_path / "again").provider("sharp") == "landscape-sharpest:sharpest 0.3"


def test_data_and_layout_need_no_cost(without_cost):
    run = Run.open(without_cost)
    assert run.outline().layout.size == run.theta.size
    assert len(run.outline().data.train) == 40
    provide(Focal)
    whole = Run.open(without_cost)
    assert whole.outline() is whole.objective


def test_an_outline_needs_the_plugin_of_the_data(tmp_path):
    run = fit(Experiment(**XOR), folder=tmp_path / "run")
    edit(run.folder, "dataset", {"name": "fashion"}, "landscape-fashion:fashion 1.0")
    with pytest.raises(PluginError, match=r"dataset 'fashion' of landscape-fashion 1.0 is not installed"):
        Run.open(run.folder).outline()


def edit(folder, field, table, provider):
    """Change what a run says of a part and its provider."""
    file = folder / "zarr.json"
    text = json.loads(file.read_text())
    ours = text["attributes"]["landscape"]
    ours["experiment"][field] = table
    ours["provenance"]["plugins"][field] = provider
    file.write_text(json.dumps(text))


@pytest.mark.parametrize(
    ("provider", "remedy"),
    [
        ("landscape-focal:focal 0.3", FOCAL),
        ("my_cost.py:focal", "cost 'focal' was in the plugin file my_cost.py: load my_cost.py, with --plugin or"),
        ("Focal (in no registered plugin)", "cost 'focal' was a class that no plugin provided: load a file that"),
        ("pydantic:focal 0.1", "cost 'focal' of pydantic 0.1 is not in"),
        ("landscape-explorer:focal 99.0", "pip install landscape-explorer==99.0"),
        ("landscape-broken:focal 0.1", "cannot be loaded: ZeroDivisionError: why"),
        ("", "there is no cost 'focal'"),
    ],
)
def test_the_remedy_depends_on_who_provided_it(tmp_path, provider, remedy, monkeypatch):
    run = fit(Experiment(**XOR), folder=tmp_path / "run")
    edit(run.folder, "cost", {"name": "focal", "gamma": 3}, provider)
    monkeypatch.setattr(
        registry(), "failures", [Failure("broken", "landscape-broken", "0.1", "ZeroDivisionError: why")]
    )
    if not provider:
        remedy = "cost 'focal' was a class that no plugin provided"
    with pytest.raises(PluginError) as raised:
        _ = Run.open(run.folder).experiment
    assert remedy in str(raised.value)


def test_fields_that_the_plugin_no_longer_takes_are_said_with_both_versions(without_cost):
    fewer = type("Focal", (Quadratic,), {"__module__": __name__, "name": "focal"})
    provide(fewer, version="0.9")
    run = Run.open(without_cost)
    assert len(run.history.batch_cost) == 8
    with pytest.raises(
        PluginError, match=r"cost 'focal' of landscape-focal 0\.9 does not take what the run says"
    ) as raised:
        _ = run.experiment
    assert "has no field 'gamma'" in str(raised.value)
    assert "pip install landscape-focal==0.3" in str(raised.value)


def test_another_version_that_takes_the_fields_is_used_and_said(without_cost):
    provide(Focal, version="0.9")
    run = Run.open(without_cost)
    assert run.experiment.cost == Focal(gamma=3)
    assert run.missing() == []
    text = "cost 'focal' is of landscape-focal 0.9 here; the run was made with that of landscape-focal 0.3"
    assert run.changed() == [text]


def test_another_version_with_another_cost_is_not_what_was_minimized(without_cost):
    registry()._provided.append(Provided(Other, "landscape-focal", "0.9"))
    changed = "cost 'focal' is of landscape-focal 0.9 here; the run was made with that of landscape-focal 0.3"
    with pytest.raises(RunError, match="not what was minimized: at the start it costs") as raised:
        _ = Run.open(without_cost).objective
    assert f" was recorded; {changed}; open the run with the right one" in str(raised.value)


def test_a_plugin_file_that_says_another_cost_by_now_is_said(tmp_path):
    file, text = tmp_path / "mine.py", MINE.format("targets")
    file.write_text(text)
    load_plugin(file)
    run = fit(Experiment(**XOR, cost="focal"), folder=tmp_path / "run")
    file.write_text(MINE.format("2 * targets"))
    load_plugin(file)
    assert Run.open(run.folder).changed() == []  # it has no version to tell
    with pytest.raises(RunError, match=r" was recorded; mine\.py may have changed since; open the run with"):
        _ = Run.open(run.folder).objective
    edit(run.folder, "optimizer", {"name": "sgd"}, "mine.py:sgd")
    edit(run.folder, "cost", {"name": "absolute"}, "landscape-explorer:absolute 0.1.0")
    with pytest.raises(RunError) as raised:
        _ = Run.open(run.folder).objective
    assert "mine.py" not in str(raised.value)  # the cost does not depend on the optimizer


def test_a_name_that_several_provide_by_now_means_the_provider_of_then(without_cost):
    provide(Focal)
    registry()._provided.append(Provided(Other, "landscape-another", "1.0"))
    run = Run.open(without_cost)
    assert type(run.experiment.cost) is Focal
    assert run.changed() == []


def test_a_plugin_file_takes_the_place_of_a_distribution(without_cost, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from landscape import hookimpl\nfrom landscape.costs import Quadratic\n"
        "class Focal(Quadratic):\n    name = 'focal'\n    gamma: float = 2.0\n"
        "@hookimpl\ndef register_costs():\n    return [Focal]\n"
    )
    load_plugin(file)
    run = Run.open(without_cost)
    assert run.objective.evaluate(run.theta).cost == pytest.approx(run.history.train_cost[-1], rel=1e-6)
    assert run.changed() == ["cost 'focal' is of mine.py here; the run was made with that of landscape-focal 0.3"]


def test_what_is_wrong_for_another_reason_is_a_run_error(tmp_path):
    run = fit(Experiment(**XOR), folder=tmp_path / "run")
    edit(run.folder, "epochs", "many", "")
    with pytest.raises(RunError, match="cannot be built here: epochs"):
        _ = Run.open(run.folder).experiment


def test_parts_are_listed_with_their_kinds_and_providers():
    described = {"activation": [{"name": "tanh"}, {"name": "relu"}], "output": {"name": "identity"}, "observers": []}
    plugins = {"activation": "a:tanh 1, b:relu 2", "output": "c.py:identity"}
    assert [need[1:] for need in needs(described, plugins)] == [
        ("activation", {"name": "tanh"}, "a", "1"),
        ("activation", {"name": "relu"}, "b", "2"),
        ("activation", {"name": "identity"}, "c.py", ""),
    ]


def command(*words):
    """Run ``landscape`` in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_command_shows_what_it_can_and_says_what_to_install(without_cost, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = command("show", without_cost)
    assert shown.exit_code == 0, shown.output
    assert FOCAL in shown.output
    assert "focal gamma=3" in shown.output
    for figure in ("surface", "contour", "cost"):
        drawn = command("show", without_cost, "--figure", figure, "--out", f"{figure}.json")
        assert drawn.exit_code == 0, drawn.output
        assert (FOCAL in drawn.stderr) == (figure != "cost")
        assert json.loads(Path(f"{figure}.json").read_text())["data"]
    again = command("surface", without_cost, "--resolution", "4", "--figure", "again.json")
    assert again.exit_code == 0, again.output
    refused = command("surface", without_cost, "--resolution", "5", "--name", "finer")
    assert refused.exit_code == 2
    assert FOCAL in refused.stderr
    served = []
    monkeypatch.setattr("landscape.dashboard.app.explore", lambda run, **given: served.append(run.folder))
    explored = command("explore", without_cost)
    assert explored.exit_code == 0, explored.output
    assert served == [without_cost]
    assert f"missing: {FOCAL}" in explored.stderr


def test_first_weights_are_drawn_without_the_cost(tmp_path):
    provide(Focal)
    digits = {"name": "mnist", "train_size": 50, "test_size": 20}
    run = fit(Experiment(dataset=digits, hidden=(4,), epochs=1, cost="focal"), folder=tmp_path / "run")
    registry.cache_clear()
    drawn = command("show", run.folder, "--figure", "weights", "--out", tmp_path / "weights.json")
    assert drawn.exit_code == 0, drawn.output
    assert json.loads((tmp_path / "weights.json").read_text())["data"]
