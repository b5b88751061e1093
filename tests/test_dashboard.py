from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from asking import decoded, idle, until

from landscape import Experiment, fit
from landscape.costs import Quadratic
from landscape.dashboard import create_app
from landscape.dashboard.chunks import Known
from landscape.dashboard.controls import controls_of, written
from landscape.dashboard.links import experiment_of, query_of
from landscape.dashboard.pace import FASTEST, Pace
from landscape.dashboard.payloads import POINT_COLUMNS, encode
from landscape.dashboard.recorded import load
from landscape.dashboard.session import Session
from landscape.dashboard.settings import NETWORK, Identity, read_settings, suited
from landscape.dashboard.slices import lay
from landscape.dashboard.trail import Trail
from landscape.dashboard.visitors import MOST, Visitors
from landscape.errors import ExperimentError
from landscape.experiment import projection
from landscape.functions import FORMULAS
from landscape.kinds import Optimizer
from landscape.layout import Array
from landscape.observers import CSV
from landscape.optimizers import SGD, Adam
from landscape.path import as_path
from landscape.plane import Plane
from landscape.registry import Provided, registry
from landscape.schedules import Constant, Cosine, Exponential
from landscape.training import Trainer

SMALL = Experiment(
    dataset={"name": "spirals", "train_size": 200, "test_size": 50},
    hidden=(4,),
    output="identity",
    activation="tanh",
    cost="cross_entropy",
    optimizer={"name": "sgd", "learning_rate": 0.1},
    batch_size=20,
    epochs=200,
)


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(SMALL)
    yield made
    made.close()


# Pace


def test_pace_owes_as_many_steps_as_time_has_passed() -> None:
    pace = Pace(speed=10)
    pace.anchor(100.0, 7)
    assert pace.due(100.05, 7) == 0
    assert pace.due(100.25, 7) == 2
    assert pace.due(100.25, 9) == 0
    assert pace.wait(100.25, 9) == pytest.approx(0.05)


def test_pace_forgets_what_a_slow_machine_could_not_take() -> None:
    pace = Pace(speed=100)
    pace.anchor(0.0, 0)
    assert pace.due(10.0, 0) == 1
    assert pace.due(10.05, 1) <= 6


def test_full_speed_has_no_limit() -> None:
    assert Pace(speed=FASTEST).due(0.0, 5) > 10**6


# Trail


def trail_of(count: int, capacity: int) -> Trail:
    trail = Trail(capacity)
    for step in range(count):
        trail.append(step, np.full(3, step, np.float32), 1.0, 2.0, np.arange(7) + step)
    return trail


def test_trail_is_thinned_never_truncated() -> None:
    trail = trail_of(500, 64)
    assert len(trail) <= 64
    assert trail.steps[0] == 0
    assert trail.steps[-1] == 499
    assert trail.steps[:16] == list(range(16))
    assert max(np.diff(trail.steps)) <= 2 * 499 / 32
    assert trail.version > 0


def test_trail_gives_each_point_once_and_none_twice() -> None:
    trail = trail_of(30, 64)
    steps, rows = trail.since(10)
    assert steps == list(range(10, 30))
    assert rows[:, 0].tolist() == steps
    trail.append(29, np.zeros(3), 0, 0, np.zeros(7))
    assert len(trail) == 30


def test_trail_captures_what_the_plane_says(rng: np.random.Generator) -> None:
    thetas = rng.normal(size=(20, 9)).cumsum(axis=0)
    plane = Plane(thetas[-1], rng.normal(size=(2, 9)))
    trail = Trail(64)
    for step, theta in enumerate(thetas):
        row = np.zeros(7)
        row[POINT_COLUMNS.index("off")] = plane.off_plane(theta)
        row[POINT_COLUMNS.index("extent")] = np.linalg.norm(theta - plane.centre)
        trail.append(step, theta, 0.0, 0.0, row)
    assert trail.captured() == pytest.approx(plane.captured(thetas))


# Session


def test_run_trains_and_every_point_is_the_truth(session: Session) -> None:
    session.toggle()
    until(session, lambda chunk: chunk["to"] > 60)
    session.toggle()
    steps, rows = decoded(until(session, idle))
    assert all(a < b for a, b in itertools.pairwise(steps))
    work = session._work
    assert work is not None
    assert work.slice is not None
    column = dict(zip(POINT_COLUMNS, rows.T, strict=True))
    objective, plane = SMALL.objective(), work.slice.plane
    for k in (0, 5, len(steps) - 1):
        theta = work.trail.thetas[k]
        assert column["cost"][k] == pytest.approx(objective.evaluate(theta).cost, rel=1e-5)
        a, b = plane.project(theta)
        assert (column["a"][k], column["b"][k]) == pytest.approx((a, b), rel=1e-4, abs=1e-5)
        below = objective.evaluate(plane.lift(a, b).astype(np.float32)).cost
        assert column["under"][k] == pytest.approx(below, rel=1e-4)


def test_live_path_is_the_one_that_fit_takes(session: Session) -> None:
    session.step()
    until(session, lambda chunk: chunk["to"] == 2 and idle(chunk))
    session.step()
    until(session, lambda chunk: chunk["to"] == 3 and idle(chunk))
    run = fit(SMALL.model_copy(update={"epochs": 1}))
    assert session._work is not None
    for k in range(3):
        np.testing.assert_array_equal(session._work.trail.thetas[k], run.path.thetas[k])


def test_pause_keeps_the_very_last_step_and_step_adds_one(session: Session) -> None:
    session.toggle()
    until(session, lambda chunk: chunk["to"] > 40)
    session.toggle()
    steps, _ = decoded(until(session, idle))
    assert session._work is not None
    assert steps[-1] == session._work.trainer.index
    session.step()
    chunk = until(session, lambda chunk: chunk["to"] == steps[-1] + 2)
    assert decoded(chunk)[0] == [*steps, steps[-1] + 1]


def test_reset_returns_to_the_start_of_the_seed(session: Session) -> None:
    session.step()
    _, rows = decoded(until(session, lambda chunk: chunk["to"] == 2 and idle(chunk)))
    session.reset()
    steps, again = decoded(until(session, lambda chunk: chunk["to"] == 1 and idle(chunk)))
    assert steps == [0]
    assert again[0, POINT_COLUMNS.index("cost")] == rows[0, POINT_COLUMNS.index("cost")]


def test_chunks_are_ranges_that_do_not_overlap(session: Session) -> None:
    session.step()
    first = until(session, lambda chunk: chunk["to"] == 2 and idle(chunk))
    session.step()
    until(session, lambda chunk: chunk["to"] == 3 and idle(chunk))
    surface = first["surface"]["version"]
    more = session.chunk(Known(first["key"], first["to"], surface))
    assert decoded(more)[0] == [2]
    assert session.chunk(Known("another", first["to"], surface))["from"] == 0


def test_smaller_rate_applies_at_once_and_leaves_a_mark(session: Session) -> None:
    session.toggle()
    until(session, lambda chunk: chunk["to"] > 20)
    session.configure(SMALL.model_copy(update={"optimizer": SGD(learning_rate=0.01)}))
    assert not session.waits
    chunk = until(session, lambda chunk: bool(chunk["changes"]))
    assert chunk["changes"][0]["what"] == "learning_rate → 0.01"
    assert session._work is not None
    assert session._work.trainer.optimizer == SGD(learning_rate=0.01)


def test_another_optimizer_waits_for_reset(session: Session) -> None:
    session.step()
    until(session, lambda chunk: chunk["to"] == 2)
    session.configure(SMALL.model_copy(update={"optimizer": Adam()}))
    assert session.waits == "Reset"
    session.reset()
    until(session, lambda chunk: chunk["to"] == 1)
    assert not session.waits
    assert session._work is not None
    assert session._work.experiment.optimizer == Adam()


def test_settings_that_the_recorded_run_does_not_have_wait_for_run() -> None:
    session = Session()
    assert session.waits == ""
    session.configure(SMALL)
    assert session.waits == "Run"


def test_session_is_busy_until_it_has_a_surface(session: Session) -> None:
    session.reset()
    deadline = time.monotonic() + 60
    while "points" not in (chunk := session.chunk(Known())):
        assert chunk["state"]["busy"]
        assert time.monotonic() < deadline


@pytest.mark.parametrize("name", FORMULAS)
def test_every_function_is_given_settings_that_roll_into_a_minimum(name: str) -> None:
    experiment = suited(name, seed=3)
    trainer = Trainer(experiment)
    slope = np.linalg.norm(trainer.objective.gradient(trainer.theta)[1])
    costs = [trainer.step() for _ in range(trainer.total_steps)]
    assert experiment.seed == 3
    assert 100 <= trainer.total_steps <= 500
    assert costs[-1] < costs[0] / 3
    assert np.linalg.norm(trainer.objective.gradient(trainer.theta)[1]) < slope / 50


@pytest.mark.parametrize("name", ["pca", "start_end", "filter_normalized"])
def test_two_parameters_are_shown_as_they_are(name: str) -> None:
    experiment = suited("beale", seed=0)
    thetas = np.array([[1, 1], [2, 0.5], [2.5, 0.25]], np.float32)
    part = lay(experiment, experiment.objective(), projection(name), as_path([0, 1, 2], thetas), ahead=False)
    assert part.plane.labels == ("parameter 1", "parameter 2")
    np.testing.assert_allclose(part.plane.project(thetas), thetas - thetas[-1], atol=1e-12)
    assert part.walk([0, 1, 2]) == 1
    assert part.grid.a[-1] >= 1.5


def test_divergence_stops_the_run_and_says_why() -> None:
    rough = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 10.0}, epochs=1000)
    session = Session(rough)
    try:
        session.toggle()
        chunk = until(session, lambda chunk: bool(chunk["state"]["notice"]))
        assert "diverged at step" in chunk["state"]["notice"]
        assert not chunk["state"]["running"]
    finally:
        session.close()


def test_end_of_training_stops_and_more_epochs_go_on() -> None:
    short = SMALL.model_copy(update={"epochs": 1})
    session = Session(short)
    try:
        session.set_speed(FASTEST)
        session.toggle()
        chunk = until(session, lambda chunk: chunk["state"]["done"] and idle(chunk))
        assert chunk["to"] == 11
        assert "All 1 epochs are trained" in chunk["state"]["notice"]
        session.configure(short.model_copy(update={"epochs": 2}))
        session.toggle()
        assert until(session, lambda chunk: chunk["to"] == 21)["tests"]
    finally:
        session.close()


def test_training_pauses_when_no_page_looks(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.dashboard.session._ALONE_SECONDS", -1.0)
    session.toggle()
    chunk = until(session, lambda chunk: bool(chunk["state"]["notice"]))
    assert "no page was looking" in chunk["state"]["notice"]
    assert not chunk["state"]["running"]


def notice(session: Session) -> str:
    """Return what the session says when it stops trying."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = session.chunk(Known())["state"]
        if state["notice"] and not state["running"]:
            return str(state["notice"])
    pytest.fail("it said nothing")


def test_unusable_data_are_said_and_run_tries_again() -> None:
    session = Session(Experiment(dataset={"name": "npz", "path": "/nowhere.npz"}))
    try:
        session.toggle()
        assert "/nowhere.npz" in notice(session)
        session.toggle()
        assert "/nowhere.npz" in notice(session)
        session.configure(SMALL)
        session.step()
        until(session, lambda chunk: chunk["to"] == 2)
    finally:
        session.close()


class Faulty(Quadratic):
    """A cost with a mistake in its code."""

    name: ClassVar[str] = "faulty"

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        raise KeyError("a mistake")


def test_mistake_in_a_plugin_is_said_and_another_cost_still_trains() -> None:
    session = Session(SMALL.model_copy(update={"cost": Faulty()}))
    try:
        session.toggle()
        assert notice(session) == "cost 'faulty': KeyError: 'a mistake'"
        session.configure(SMALL)
        session.reset()
        session.step()
        until(session, lambda chunk: chunk["to"] == 2)
    finally:
        session.close()


class Ending(Quadratic):
    """Raises what is no Exception."""

    name: ClassVar[str] = "ending"
    raised: ClassVar[BaseException | None] = None

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        if self.raised is not None:
            raise self.raised
        return super().total_and_gradient(outputs, targets)


@pytest.mark.parametrize("raised", [SystemExit(4), KeyboardInterrupt()])
def test_what_is_no_exception_ends_neither_thread(raised: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(SMALL.model_copy(update={"cost": Ending()}))
    try:
        monkeypatch.setattr(Ending, "raised", raised)
        session.toggle()
        assert type(raised).__name__ in notice(session)
        assert not session.running
        monkeypatch.setattr(Ending, "raised", None)
        session.reset()
        session.step()
        assert until(session, lambda chunk: idle(chunk) and chunk["to"] == 2)["state"]["notice"] == ""
    finally:
        session.close()


class Endless(Quadratic):
    """Does not return while it is told so."""

    name: ClassVar[str] = "endless"
    spins: ClassVar[bool] = False

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        while self.spins:
            time.sleep(0.001)
        return super().total_and_gradient(outputs, targets)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose cost spins, and is told of after a moment."""
    registry.cache_clear()
    registry()._provided.append(Provided(Endless, "landscape-endless", "1"))
    monkeypatch.setattr(Endless, "spins", True)
    for module in ("session", "late"):
        monkeypatch.setattr(f"landscape.dashboard.{module}.PATIENCE", 0.2)
    made = Session(SMALL.model_copy(update={"cost": Endless()}))
    yield made
    Endless.spins = False
    made.close()
    registry.cache_clear()


def test_a_plugin_that_does_not_return_is_named_and_reset_ends_it(
    endless: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless.step()
    said = notice(endless)
    assert "test_dashboard.py, line" in said
    assert "has not returned" in said
    endless.reset()
    monkeypatch.setattr(Endless, "spins", False)
    endless.step()
    chunk = until(endless, lambda chunk: idle(chunk) and chunk["to"] == 2)
    assert np.isfinite(decoded(chunk)[1][:, POINT_COLUMNS.index("cost")]).all()


def test_a_plugin_that_does_not_return_for_long_is_ended(endless: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.dashboard.session.LONGEST", 0.4)
    endless.step()
    deadline = time.monotonic() + 60
    while "was ended" not in (said := notice(endless)):
        assert time.monotonic() < deadline, said
    assert "cost 'endless', test_dashboard.py, line" in said


def test_closing_does_not_wait_for_a_plugin_that_does_not_return(
    endless: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landscape.dashboard.session._END_SECONDS", 0.1)
    endless.step()
    notice(endless)
    endless.close()
    for thread in endless._threads:
        thread.join(30)
        assert not thread.is_alive()


def test_other_projection_brings_path_and_surface_together(session: Session) -> None:
    session.toggle()
    until(session, lambda chunk: chunk["to"] > 40)
    session.toggle()
    before = until(session, idle)
    session.set_view(projection("start_end"))
    after = until(session, lambda chunk: idle(chunk) and chunk["surface"]["labels"][0] == "start to end")
    assert after["key"] != before["key"]
    assert after["surface"]["plane"] != before["surface"]["plane"]


def test_finished_run_is_shown_with_its_true_costs() -> None:
    run = fit(SMALL.model_copy(update={"epochs": 3}))
    session = Session(run=run)
    try:
        chunk = until(session, idle)
        steps, rows = decoded(chunk)
        assert steps == run.path.steps.tolist()
        expected = run.objective.evaluate(run.path.last).cost
        assert rows[-1, POINT_COLUMNS.index("cost")] == pytest.approx(expected, rel=1e-5)
        assert chunk["state"]["replay"]
        session.configure(run.experiment.model_copy(update={"optimizer": SGD(learning_rate=0.05)}))
        assert session.waits == "Run"
        assert session.chunk(Known())["changes"] == []
        session.step()
        live = until(session, lambda chunk: chunk["to"] == 2)
        assert not live["state"]["replay"]
    finally:
        session.close()


def test_nothing_is_sent_before_the_visitor_asks_for_a_live_run(session: Session) -> None:
    assert "points" not in session.chunk(Known())
    assert not session.live


# Controls and settings


def test_controls_say_bounds_defaults_and_help() -> None:
    controls = {control.name: control for control in controls_of(SGD)}
    rate = controls["learning_rate"]
    assert rate.widget == "decimal"
    assert "(> 0" in rate.help
    assert controls["nesterov"].widget == "switch"
    assert controls_of(Experiment, ("initialization",))[0].choices[0] in ("glorot", "he", "normal", "uniform")
    assert controls_of(Experiment, ("hidden",))[0].widget == "list"


@pytest.mark.parametrize("value", [0.1, 1e-8, 1 / 3, 123456.789, 5e-324])
def test_written_floats_read_back_exactly(value: float) -> None:
    assert float(written(value)) == value


CHOICES = {
    "function": NETWORK,
    "dataset": "spirals",
    "activation": "tanh",
    "output": "identity",
    "cost": "cross_entropy",
    "optimizer": "sgd",
}


def rate(text: str, part: str = "sgd") -> list[tuple[Identity, Any]]:
    return [(Identity("optimizer", part, "learning_rate"), text)]


def test_exponent_in_a_control_is_that_number() -> None:
    settings = read_settings(CHOICES, rate("1e-3"), SMALL)
    assert settings.experiment is not None
    assert settings.experiment.optimizer == SGD(learning_rate=0.001)


@pytest.mark.parametrize("text", ["-1", "abc", "", "nan", "inf"])
def test_wrong_value_is_an_error_at_its_own_field(text: str) -> None:
    settings = read_settings(CHOICES, rate(text), SMALL)
    assert settings.experiment is None
    assert list(settings.errors) == [("optimizer", "learning_rate")]
    if text in ("abc", "", "nan"):
        assert settings.errors["optimizer", "learning_rate"] == "Write a number, such as 0.5"


def test_fields_of_a_part_no_longer_chosen_are_passed_over() -> None:
    settings = read_settings({**CHOICES, "optimizer": "adam"}, rate("abc"), SMALL)
    assert settings.experiment is not None
    assert settings.experiment.optimizer == Adam()


def test_what_the_page_has_no_control_for_is_kept() -> None:
    settings = read_settings(CHOICES, [], SMALL.model_copy(update={"precision": "float64"}))
    assert settings.experiment is not None
    assert settings.experiment.precision == "float64"


def test_layers_are_read_from_a_list_and_too_large_ones_refused() -> None:
    hidden = Identity("experiment", "", "hidden")
    settings = read_settings(CHOICES, [(hidden, "8, 4")], SMALL)
    assert settings.experiment is not None
    assert settings.experiment.hidden == (8, 4)
    for text in ("99999999", "4096", "8,8,8,8,8,8,8,8,8", "8,x"):
        assert list(read_settings(CHOICES, [(hidden, text)], SMALL).errors) == [("experiment", "hidden")]


def test_a_schedule_is_passed_over_where_the_optimizer_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    class Still(Optimizer):
        name = "still"

        def init(self, theta: Any) -> dict[str, Any]:
            return {}

        def update(self, gradient: Any, state: dict[str, Any], theta: Any) -> tuple[Any, dict[str, Any]]:
            return 0 * theta, state

    monkeypatch.setattr(registry(), "_provided", [*registry()._provided, Provided(Still, "some-dist", "1.0")])
    gamma = [(Identity("schedule", "exponential", "gamma"), "0.5")]
    settings = read_settings({**CHOICES, "optimizer": "still", "schedule": "exponential"}, gamma, SMALL)
    assert settings.experiment is not None
    assert settings.experiment.schedule == Constant()
    kept = read_settings({**CHOICES, "schedule": "exponential"}, gamma, SMALL)
    assert kept.experiment is not None
    assert kept.experiment.schedule == Exponential(gamma=0.5)


def test_a_limit_left_empty_is_shown_as_none() -> None:
    assert [control.empty for control in controls_of(Experiment, ("clip_value", "clip_norm"))] == ["none", "none"]


def test_a_schedule_and_clipping_are_read_for_a_function_too() -> None:
    choices = {**CHOICES, "function": "beale", "schedule": "cosine"}
    clip = [(Identity("experiment", "", "clip_norm"), "0.5"), (Identity("experiment", "", "clip_value"), "")]
    settings = read_settings(choices, [*clip, (Identity("schedule", "cosine", "final"), "0.1")], SMALL)
    assert settings.experiment is not None
    assert settings.experiment.schedule == Cosine(final=0.1)
    assert (settings.experiment.clip_norm, settings.experiment.clip_value) == (0.5, None)


def test_observers_stay_out_of_addresses_and_are_kept_by_the_page() -> None:
    watched = SMALL.model_copy(update={"observers": (CSV(path="elsewhere.csv"),)})
    assert query_of(watched) == query_of(SMALL)
    settings = read_settings(CHOICES, [], watched)
    assert settings.experiment is not None
    assert settings.experiment.observers == watched.observers
    for query in ("?observers=csv", "?observers.0.path=x"):
        with pytest.raises(ExperimentError, match="an address cannot name what watches training"):
            experiment_of(query)


def test_test_function_needs_no_network() -> None:
    settings = read_settings({**CHOICES, "function": "beale"}, [], SMALL)
    assert settings.experiment is not None
    assert settings.experiment.function is not None
    assert settings.experiment.function.name == "beale"


# Addresses


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment.preset("classic"),
        SMALL,
        Experiment(optimizer={"name": "adam", "beta1": 0.5}, hidden=(32,), seed=9),
        Experiment(dataset={"name": "mnist", "train_size": 100}),
        Experiment(function={"name": "rosenbrock", "start": [-1.5, 2.0]}, batch_size=3),
        Experiment.preset("wide"),
    ],
)
def test_address_gives_back_the_same_experiment(experiment: Experiment) -> None:
    assert experiment_of(query_of(experiment)) == experiment


def test_default_experiment_needs_no_query() -> None:
    assert query_of(Experiment.preset("classic")) == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?optimizer=sdg", "sgd"),
        ("?optimizer.rate=1", "rate"),
        ("?dataset=npz&dataset.path=/etc/passwd", "cannot name a file"),
        ("?hidden=[1e9]", "hidden"),
        ("?nonsense=1", "nonsense"),
        ("?seed=" + "1" * 5000, "characters"),
        ("?seed.x.y=1", "seed"),
        ("?batch_size=%00", "batch_size"),
    ],
)
def test_bad_address_is_an_experiment_error(query: str, words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        experiment_of(query)


# The bundled run


def test_bundled_run_is_small_and_starts_where_the_classic_network_does() -> None:
    chunk = load()
    assert len(json.dumps(chunk)) < 300_000
    steps, rows = decoded(chunk)
    assert steps[0] == 0
    assert len(steps) > 100
    assert np.isfinite(rows[:, :6]).all()
    cost = np.frombuffer(base64.b64decode(chunk["surface"]["cost"]), "<f4")
    assert np.isfinite(cost).sum() > 600
    objective = Experiment.preset("classic").objective()
    start = objective.evaluate(objective.initial(Experiment.preset("classic").rng("initial"))).cost
    assert rows[0, POINT_COLUMNS.index("cost")] == pytest.approx(start, rel=0.05)


def test_encoding_is_little_endian_row_by_row() -> None:
    assert base64.b64decode(encode(np.array([[1.0, 2.0], [3.0, 4.0]]))) == np.array([1, 2, 3, 4], "<f4").tobytes()


# The server


def test_foreign_host_is_refused() -> None:
    client = create_app().server.test_client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "127.0.0.1:8050"}).status_code == 200
    assert client.get("/", headers={"Host": "localhost"}).status_code == 200


def test_page_names_no_foreign_address() -> None:
    html = create_app().server.test_client().get("/").text
    addresses = [part.split('"')[0] for part in html.split('src="')[1:]] + [
        part.split('"')[0] for part in html.split('href="')[1:]
    ]
    assert addresses
    assert all(address.startswith(("/", "data:")) for address in addresses)


def test_forged_cookie_is_a_new_visitor() -> None:
    app = create_app()
    visitors = app.server.config["LANDSCAPE_VISITORS"]
    client = app.server.test_client()
    client.get("/_dash-layout")
    client.get("/_dash-layout")
    assert len(visitors) == 1
    client.set_cookie("landscape", "eyJ2aXNpdG9yIjoiYWRtaW4ifQ.forged.signature")
    client.get("/_dash-layout")
    assert len(visitors) == 2
    visitors.close()


def test_only_so_many_sessions_are_kept() -> None:
    app = create_app()
    visitors: Visitors = app.server.config["LANDSCAPE_VISITORS"]
    for _ in range(MOST + 3):
        app.server.test_client().get("/_dash-layout")
    assert len(visitors) == MOST
    visitors.close()


def test_huge_request_is_refused() -> None:
    client = create_app().server.test_client()
    answer = client.post("/_dash-update-component", data=b"x" * (2 << 20), content_type="application/json")
    assert answer.status_code == 413


def test_private_members_of_plotly_are_used_in_one_file_only() -> None:
    assets = Path(create_app().config.assets_folder)
    users = [path.name for path in assets.glob("*.js") if "glplot" in path.read_text(encoding="utf-8")]
    assert users == ["surface3d.js"]
