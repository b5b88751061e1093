"""What the dashboard shows of a finished run: all of it, or what does not need the plugins that are missing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from asking import decoded, idle, until
from pydantic import Field

from landscape import Experiment, Run, fit
from landscape.costs import Quadratic
from landscape.dashboard.payloads import POINT_COLUMNS
from landscape.dashboard.replay import Saved, first_view, saved_of
from landscape.dashboard.session import Session
from landscape.dashboard.settings import Identity
from landscape.dashboard.views import read_view, saved_name, value_of, view_fields, view_options
from landscape.experiment import projection
from landscape.layout import IntArray
from landscape.objective import Objective
from landscape.optimizers import SGD
from landscape.path import Path as ThetaPath
from landscape.plane import Plane
from landscape.projections import PCA, FilterNormalized
from landscape.registry import Provided, registry

XOR = {"dataset": {"name": "xor", "train_size": 40, "test_size": 20}, "hidden": (5,), "epochs": 2, "batch_size": 10}
COLUMN = {name: k for k, name in enumerate(POINT_COLUMNS)}


class Focal(Quadratic):
    name: ClassVar[str] = "focal"
    gamma: float = 2.0


class Lion(SGD):
    name: ClassVar[str] = "lion"


class Steep(PCA):
    """Asks the cost."""

    name: ClassVar[str] = "steep"

    def plane(self, objective: Objective, path: ThetaPath, rng: np.random.Generator) -> Plane:
        objective.gradient(path.last)
        return super().plane(objective, path, rng)

    def random_walk_captured(self, path: ThetaPath, steps: IntArray | None = None) -> float:
        return float("nan")


def provide(*plugins: Any) -> None:
    registry()._provided += [Provided(cls, f"landscape-{cls.name}", "0.3") for cls in plugins]


@pytest.fixture(autouse=True)
def _fresh_registry() -> Iterator[None]:
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that trains with plugins, then forgets them, and returns the run's folder."""

    def make(*plugins: Any, surfaces: bool = False, **fields: Any) -> Path:
        provide(*plugins)
        run = fit(Experiment(**XOR, **fields), folder=tmp_path / "run")
        if surfaces:
            run.surface(resolution=(7, 5), name="pca")
            run.surface("filter_normalized", resolution=9, name="random", split="test")
        registry.cache_clear()
        return tmp_path / "run"

    return make


@pytest.fixture
def replayed() -> Iterator[Callable[[Run], Session]]:
    made: list[Session] = []

    def replay(run: Run) -> Session:
        made.append(Session(run=run, view=first_view(run)))
        return made[-1]

    yield replay
    for session in made:
        session.close()


def test_without_a_plugin_of_training_all_of_the_run_is_shown(stored: Any, replayed: Any) -> None:
    run = Run.open(stored(Lion, optimizer="lion"))
    chunk = until(replayed(run), idle)
    steps, rows = decoded(chunk)
    assert steps == run.path.steps.tolist()
    expected = [run.objective.evaluate(theta).cost for theta in run.path.thetas]
    np.testing.assert_allclose(rows[:, COLUMN["cost"]], expected, rtol=1e-5)
    assert not chunk["surface"]["absent"]
    assert chunk["surface"]["nonfinite"] == 0
    said = chunk["state"]["remarks"]
    assert "Optimizer 'lion' of landscape-lion 0.3 is not installed: pip install landscape-lion==0.3." in said
    assert "The settings show the defaults" in said
    assert "cannot be computed" not in said
    assert chunk["state"]["label"] == "Saved run. Run trains what the settings say."


def test_a_run_that_lacks_nothing_says_so_by_saying_nothing(stored: Any, replayed: Any) -> None:
    chunk = until(replayed(Run.open(stored())), idle)
    assert chunk["state"]["remarks"] == ""
    assert chunk["state"]["label"] == "Saved run. Press Run to train it live."
    assert not chunk["state"]["slice"]["costless"]


def test_without_the_cost_path_and_curves_are_shown(stored: Any, replayed: Any) -> None:
    run = Run.open(stored(Focal, cost={"name": "focal", "gamma": 3}))
    chunk = until(replayed(run), idle)
    steps, rows = decoded(chunk)
    assert steps == run.path.steps.tolist()
    where = rows[:, [COLUMN["a"], COLUMN["b"]]]
    np.testing.assert_allclose(where, run.plane().project(run.path.thetas), atol=1e-4)
    assert np.isnan(rows[:, [COLUMN["cost"], COLUMN["under"]]]).all()
    np.testing.assert_allclose(rows[1:, COLUMN["batch"]], run.history.batch_cost[np.array(steps[1:]) - 1], rtol=1e-6)
    assert chunk["surface"]["absent"]
    assert chunk["surface"]["nonfinite"] == 0
    assert chunk["state"]["slice"]["costless"]
    assert chunk["state"]["stepsPerEpoch"] == 4
    assert [test["step"] for test in chunk["tests"]] == [0, 4, 8]
    assert chunk["tests"][-1]["cost"] == pytest.approx(run.history.test_cost[-1])
    assert "pip install landscape-focal==0.3" in chunk["state"]["remarks"]
    assert "cannot be computed here; shown are path and curves." in chunk["state"]["remarks"]


def test_without_the_cost_saved_surfaces_are_shown_as_they_are(stored: Any, replayed: Any) -> None:
    run = Run.open(stored(Focal, cost="focal", surfaces=True))
    session = replayed(run)
    assert session.view == Saved("pca")
    for name in ("pca", "random"):
        surface = run.surfaces[name]
        session.set_view(Saved(name))
        chunk = until(session, lambda chunk, s=surface: idle(chunk) and chunk["surface"]["labels"] == [*s.plane.labels])
        sent = np.frombuffer(base64.b64decode(chunk["surface"]["cost"]), "<f4")
        np.testing.assert_allclose(sent.reshape(surface.cost.shape), surface.cost, rtol=1e-6)
        assert (chunk["surface"]["examples"], chunk["surface"]["absent"]) == (surface.examples, False)
        _, rows = decoded(chunk)
        np.testing.assert_allclose(rows[:, COLUMN["under"]], surface.at(run.path.thetas), rtol=1e-5)
        assert np.isnan(rows[:, COLUMN["cost"]]).all()
    assert chunk["state"]["slice"]["walk"] == pytest.approx(surface.plane.random_walk)


def test_with_the_cost_a_saved_surface_comes_with_true_costs_on_its_examples(stored: Any, replayed: Any) -> None:
    run = Run.open(stored(surfaces=True))
    session = replayed(run)
    assert session.view == projection("pca")
    until(session, idle)
    session.set_view(Saved("random"))
    chunk = until(session, lambda chunk: idle(chunk) and chunk["surface"]["examples"] == 20)
    _, rows = decoded(chunk)
    expected = [run.objective.evaluate(theta, "test").cost for theta in run.path.thetas]
    np.testing.assert_allclose(rows[:, COLUMN["cost"]], expected, rtol=1e-5)
    session.set_view(projection("pca"))
    chunk = until(session, lambda chunk: idle(chunk) and chunk["surface"]["examples"] == 40)
    assert decoded(chunk)[1][-1, COLUMN["cost"]] == pytest.approx(run.objective.evaluate(run.theta).cost, rel=1e-5)


def test_a_projection_that_asks_the_cost_says_what_is_missing_and_another_is_shown(stored: Any, replayed: Any) -> None:
    session = replayed(Run.open(stored(Focal, cost="focal")))
    until(session, idle)
    provide(Steep)
    session.set_view(projection("steep"))
    chunk = until(session, lambda chunk: bool(chunk["state"]["notice"]))
    assert "pip install landscape-focal==0.3" in chunk["state"]["notice"]
    session.set_view(projection("start_end"))
    chunk = until(session, lambda chunk: idle(chunk) and chunk["surface"]["labels"][0] == "start to end")
    assert chunk["state"]["notice"] == ""


def test_without_its_data_set_epochs_are_told_by_the_steps_of_the_whole_run(stored: Any, replayed: Any) -> None:
    folder = stored()
    edit(folder, lambda ours: ours["experiment"].update(dataset={"name": "galaxies"}))
    run = Run.open(folder)
    chunk = until(replayed(run), idle)
    assert chunk["state"]["stepsPerEpoch"] == 4
    assert [test["step"] for test in chunk["tests"]] == [0, 4, 8]
    edit(folder, lambda ours: ours.update(ending="interrupted"))
    chunk = until(replayed(Run.open(folder)), idle)
    assert chunk["state"]["stepsPerEpoch"] == 0
    assert [test["step"] for test in chunk["tests"]] == [0]


def test_a_cost_that_is_another_now_is_not_shown_as_that_of_the_run(stored: Any, replayed: Any) -> None:
    folder = stored(surfaces=True)
    edit(folder, lambda ours: ours["experiment"].update(cost={"name": "huber"}))
    session = replayed(Run.open(folder))
    chunk = until(session, idle)
    assert "not what was minimized" in chunk["state"]["remarks"]
    assert "defaults" not in chunk["state"]["remarks"]
    assert session.view == Saved("pca")


@pytest.mark.parametrize(
    ("ending", "message", "said"),
    [
        ("stopped", "cost 'boom' stopped training after step 3", "Ended: cost 'boom' stopped training after step 3."),
        ("running", "", "Ended: still being trained, or its process was killed."),
        ("finished", "", ""),
    ],
)
def test_a_run_that_ended_before_its_time_says_why(
    stored: Any, replayed: Any, ending: str, message: str, said: str
) -> None:
    folder = stored()
    edit(folder, lambda ours: ours.update(ending=ending, message=message))
    assert until(replayed(Run.open(folder)), idle)["state"]["remarks"] == said


def edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change what a run says of itself."""
    file = folder / "zarr.json"
    text = json.loads(file.read_text())
    change(text["attributes"]["landscape"])
    file.write_text(json.dumps(text))


def test_a_plugin_that_comes_later_makes_the_run_whole(stored: Any, replayed: Any) -> None:
    session = replayed(Run.open(stored(Focal, cost="focal")))
    assert until(session, idle)["surface"]["absent"]
    provide(Focal)
    session.renew([])
    chunk = until(session, lambda chunk: idle(chunk) and not chunk["surface"]["absent"])
    assert chunk["state"]["remarks"] == ""
    assert np.isfinite(decoded(chunk)[1][:, COLUMN["cost"]]).all()


def test_training_anew_leaves_the_saved_surfaces_behind(stored: Any, replayed: Any) -> None:
    session = replayed(Run.open(stored(Focal, cost="focal", surfaces=True)))
    until(session, idle)
    session.step()
    chunk = until(session, lambda chunk: chunk["to"] == 2)
    assert session.view == projection("pca")
    assert session.saved == []
    assert np.isfinite(decoded(chunk)[1][:, COLUMN["cost"]]).all()
    assert not chunk["state"]["replay"]
    assert chunk["state"]["remarks"] == ""
    session.set_view(Saved("random"))
    chunk = until(session, lambda chunk: bool(chunk["state"]["notice"]))
    assert "saved with another run" in chunk["state"]["notice"]


def test_an_unfinished_surface_is_not_offered(stored: Any) -> None:
    run = Run.open(stored(surfaces=True))
    assert saved_of(run) == ["pca", "random"]
    run.surfaces["pca"].evaluated[0, 0] = False
    assert saved_of(run) == ["random"]
    assert saved_of(None) == []


# Views


def test_the_choice_groups_saved_surfaces_and_projections(stored: Any, replayed: Any) -> None:
    session = replayed(Run.open(stored(surfaces=True)))
    kept, projections = view_options(session)
    assert [item["value"] for item in kept["items"]] == ["saved/pca", "saved/random"]
    assert [item["value"] for item in projections["items"]] == registry().names("projection")
    assert [saved_name(item["value"]) for item in kept["items"]] == ["pca", "random"]
    assert saved_name("pca") == ""
    assert value_of(Saved("pca")) == "saved/pca"
    assert value_of(FilterNormalized()) == "filter_normalized"


class Turned(PCA):
    name: ClassVar[str] = "turned"
    angle: float = Field(0.0, ge=0, le=90, description="Degrees to turn by")
    note: str = Field("none", description="A word")


def field(name: str, value: Any, part: str = "turned") -> tuple[Identity, Any]:
    return Identity("projection", part, name), value


def test_a_projection_has_controls_for_its_fields_and_is_read_from_them() -> None:
    provide(Turned)
    text = json.dumps(view_fields(Turned(angle=30)).to_plotly_json(), default=lambda part: part.to_plotly_json())
    for said in ("Angle", "Degrees to turn by (≥ 0, ≤ 90)", "landscape-turned 0.3"):
        assert json.dumps(said)[1:-1] in text
    chosen = {"projection": "turned", "cost": "quadratic"}
    given = [field("angle", "4.5e1"), field("note", "x"), field("biases", True, part="filter_normalized")]
    assert read_view(chosen, given).view == Turned(angle=45, note="x")
    assert read_view({"projection": "saved/fine"}, given).view == Saved("fine")


def test_what_is_wrong_with_a_projection_is_said_at_its_field() -> None:
    provide(Turned)
    look = read_view({"projection": "turned"}, [field("angle", "100"), field("note", "x")])
    assert look.view is None
    assert look.errors == {("projection", "angle"): "Less than or equal to 90"}
    assert read_view({"projection": "gone"}, []) == (None, {})


class Whole(PCA):
    name: ClassVar[str] = "whole"
    first: int = 1
    second: int = 2

    def model_post_init(self, _context: Any) -> None:
        if self.first >= self.second:
            raise RuntimeError("first must come before second")


def test_what_is_wrong_with_a_projection_as_a_whole_is_said_at_all_its_fields() -> None:
    provide(Whole)
    given = [field("first", 3, "whole"), field("second", 2, "whole")]
    look = read_view({"projection": "whole"}, given)
    assert look.view is None
    assert look.errors["projection", "first"] == "RuntimeError: first must come before second"
    assert look.errors["projection", "second"] == look.errors["projection", "first"]
