from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import xarray

import landscape.runs.surfaces as runs_surfaces
import landscape.runs.writer as runs_writer
from landscape.errors import RunError
from landscape.experiment import Experiment
from landscape.functions import FunctionObjective
from landscape.kinds import Data, Examples
from landscape.plane import Plane
from landscape.runs import History, Run, RunWriter, SurfaceProgress, SurfaceWriter, fingerprint, provenance
from landscape.surface import Grid, Surface, tiles
from landscape.training import fit

XOR = Experiment(dataset={"name": "xor", "train_size": 40, "test_size": 20}, hidden=(5,), epochs=3, snapshots=40)


def assert_same(run: Run, other: Run) -> None:
    assert run.experiment == other.experiment
    assert run.provenance == other.provenance
    assert (run.ending, run.message, run.seconds) == (other.ending, other.message, other.seconds)
    for field in fields(History):
        np.testing.assert_array_equal(getattr(run.history, field.name), getattr(other.history, field.name))
    np.testing.assert_array_equal(run.path.steps, other.path.steps)
    np.testing.assert_array_equal(run.path.thetas, other.path.thetas)
    assert run.path.thetas.dtype == other.path.thetas.dtype
    assert run.surfaces.keys() == other.surfaces.keys()
    for name, surface in run.surfaces.items():
        assert_same_surface(surface, other.surfaces[name])


def assert_same_surface(one: Surface, other: Surface) -> None:
    for name in ("cost", "accuracy", "standard_error", "evaluated"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for a, b in ((one.grid.a, other.grid.a), (one.grid.b, other.grid.b), (one.plane.centre, other.plane.centre)):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.plane.directions, other.plane.directions)
    assert (one.plane.labels, one.plane.name) == (other.plane.labels, other.plane.name)
    assert one.plane.random_walk == other.plane.random_walk
    assert (one.split, one.examples, one.available) == (other.split, other.examples, other.available)
    assert (one.rows is None) == (other.rows is None)
    if one.rows is not None:
        np.testing.assert_array_equal(one.rows, other.rows)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = fit(XOR, folder=tmp_path_factory.mktemp("runs") / "xor")
    run.surface(resolution=(5, 4), name="small")
    run.surface("random", resolution=3, sample=10, split="test", name="sampled")
    return run


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Path:
    """A copy of a run's folder, to be damaged."""
    assert trained.folder is not None
    return shutil.copytree(trained.folder, tmp_path / "copy")


def test_a_recorded_run_opens_as_it_was(trained: Run) -> None:
    assert trained.folder is not None
    opened = Run.open(trained.folder)
    assert_same(opened, trained)
    assert opened.ending == "finished"
    assert len(opened.history.batch_cost) == 12
    assert opened.history.epoch.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(opened.theta, trained.theta)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_run_in_memory_is_saved_with_its_surfaces(tmp_path: Path, precision: str) -> None:
    run = fit(XOR.with_overrides([f"precision={precision}"]))
    run.surface(resolution=3, name="one")
    assert run.folder is None
    run.save(tmp_path / "deep" / "run")
    assert_same(Run.open(tmp_path / "deep" / "run"), run)
    assert run.folder == tmp_path / "deep" / "run"
    assert list((tmp_path / "deep").iterdir()) == [run.folder]


def test_a_function_is_kept_without_special_cases(tmp_path: Path) -> None:
    experiment = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.001}, epochs=20)
    run = fit(experiment, folder=tmp_path / "run")
    surface = run.surface(resolution=(4, 3), name="slice")
    opened = Run.open(tmp_path / "run")
    assert_same(opened, run)
    assert np.isnan(opened.history.test_accuracy).all()
    np.testing.assert_array_equal(opened.surface(resolution=(4, 3)).cost, surface.cost)


def test_xarray_reads_every_group_with_named_dimensions(trained: Run) -> None:
    def dataset(group: str | None) -> xarray.Dataset:
        return xarray.open_zarr(trained.folder, group=group, consolidated=False)

    path = dataset("path")
    assert path.theta.dims == ("snapshot", "parameter")
    np.testing.assert_array_equal(path.theta.values, trained.path.thetas)
    np.testing.assert_array_equal(path.step.values, trained.path.steps)
    history = dataset("history")
    assert history.batch_cost.dims == ("step",)
    assert history.test_cost.dims == ("epoch",)
    np.testing.assert_array_equal(history.test_cost.sel(epoch=2), trained.history.test_cost[2])
    small = dataset("surfaces/small")
    assert small.cost.dims == ("b", "a")
    assert small.cost.shape == (4, 5)
    np.testing.assert_array_equal(small.cost.values, trained.surfaces["small"].cost)
    np.testing.assert_array_equal(small.a.values, trained.surfaces["small"].grid.a)
    assert dataset(None).attrs["landscape"]["experiment"] == XOR.to_dict()


def test_xarray_reads_a_run_that_is_still_written(tmp_path: Path) -> None:
    writer = started(tmp_path / "run")
    writer.record([0, 1], np.ones((2, 3)), [0.5], [(0, 1.0, 2.0, 0.1, 0.2)])
    path = xarray.open_zarr(tmp_path / "run", group="path", consolidated=False)
    np.testing.assert_array_equal(path.theta[:2].values, np.ones((2, 3)))
    assert np.isnan(path.theta[2:].values).all()
    assert (path.step[2:].values == -1).all()


def test_no_file_is_a_pickle(trained: Run) -> None:
    assert trained.folder is not None
    names = {path.name for path in trained.folder.rglob("*") if path.is_file()}
    assert {name for name in names if not name.isdigit()} == {"zarr.json"}


# --- writing -------------------------------------------------------------------------------------------------


def started(folder: Path, snapshots: int = 8) -> RunWriter:
    objective = FunctionObjective(lambda theta: float(theta @ theta), None, [1.0, 2.0, 3.0])
    experiment = Experiment(snapshots=snapshots, epochs=2)
    return RunWriter(folder, experiment, provenance(experiment, objective), 3, np.float64)


def test_only_what_was_committed_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = started(tmp_path / "run")
    writer.record([0, 1], np.ones((2, 3)), [0.5, 0.4], [(0, 1.0, 2.0, 0.1, 0.2)], seconds=1.5)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runs_writer, "commit", killed)  # all data are written, and never counted
        with pytest.raises(KeyboardInterrupt):
            writer.record([5], np.full((1, 3), 7.0), [0.3], [(1, 1.0, 2.0, 0.1, 0.2)])
    opened = Run.open(tmp_path / "run")
    assert (opened.ending, opened.seconds) == ("running", 1.5)
    assert opened.path.steps.tolist() == [0, 1]
    assert opened.history.batch_cost.tolist() == [0.5, 0.4]
    assert opened.history.epoch.tolist() == [0]


@pytest.mark.parametrize("writes", range(8))
def test_what_an_interruption_cut_short_is_recorded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    writer = started(tmp_path / "run")
    left = iter(range(writes))
    write_rows = runs_writer.write_rows

    def until_interrupted(*arguments: object) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_rows(*arguments)

    rows = ([0, 4], [np.zeros(3), np.ones(3)], [0.5, 0.4, 0.3], [(0, 1.0, 2.0, 0.1, 0.2)])
    with monkeypatch.context() as patched:
        patched.setattr(runs_writer, "write_rows", until_interrupted)
        if writes < 8:
            with pytest.raises(KeyboardInterrupt):
                writer.record(*rows)
    assert writer.saved == (0, 0, 0)
    assert writer.record(*rows) == (2, 3, 1)
    writer.finish("interrupted", "by hand", 2.0)
    opened = Run.open(tmp_path / "run")
    assert (opened.ending, opened.message, opened.seconds) == ("interrupted", "by hand", 2.0)
    assert opened.path.steps.tolist() == [0, 4]
    assert opened.history.epochs() == [(0, 1.0, 2.0, 0.1, 0.2)]


def test_a_path_may_outgrow_what_was_foreseen(tmp_path: Path, rng: np.random.Generator) -> None:
    writer = started(tmp_path / "run", snapshots=8)
    thetas = rng.normal(size=(20, 3))
    for k, theta in enumerate(thetas):
        writer.record([k], [theta], rng.normal(size=30_000))
    writer.finish("finished")
    opened = Run.open(tmp_path / "run")
    np.testing.assert_array_equal(opened.path.thetas, thetas)
    assert opened.history.batch_cost.shape == (600_000,)
    assert np.isfinite(opened.history.batch_cost).all()


def test_a_chunk_of_nothing_but_nan_has_its_file(tmp_path: Path) -> None:
    """So that a chunk without a file is known to be lost."""
    writer = started(tmp_path / "run")
    writer.record(epochs=[(0, np.nan, np.nan, np.nan, np.nan)], batch_costs=[np.nan])
    for name in ("train_cost", "test_accuracy", "batch_cost"):
        assert (tmp_path / "run" / "history" / name / "c" / "0").is_file()
    assert np.isnan(Run.open(tmp_path / "run").history.test_cost).tolist() == [True]


def test_steps_and_thetas_must_be_equally_many(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 steps, but 1 thetas"):
        started(tmp_path / "run").record([0, 1], np.ones((1, 3)))


def test_an_existing_folder_is_never_touched(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for write in (lambda: started(tmp_path / "mine"), lambda: trained.save(tmp_path / "mine")):
        with pytest.raises(RunError, match="exists already: choose another name, or remove it"):
            write()
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write '.*file/run'"):
        started(tmp_path / "file" / "run")


def test_a_full_disk_is_said_and_what_was_saved_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = started(tmp_path / "run")
    writer.record([0], np.ones((1, 3)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs_writer, "write_rows", full)
    with pytest.raises(RunError, match=r"cannot write .* No space left on device"):
        writer.record([1], np.ones((1, 3)))
    assert Run.open(tmp_path / "run").path.steps.tolist() == [0]


def test_a_failed_save_leaves_nothing_behind(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunWriter, "finish", fail)
    with pytest.raises(KeyboardInterrupt):
        trained.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


# --- surfaces ------------------------------------------------------------------------------------------------


def test_a_surface_is_completed_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_surfaces, "_SECONDS_BETWEEN_SAVES", 0.0)
    run = fit(XOR.with_overrides(["precision=float64"]), folder=tmp_path / "run")
    whole = run.surface(resolution=25, sample=30)
    seen: list[SurfaceProgress] = []

    def stop_at_third(progress: SurfaceProgress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.surface(resolution=25, sample=30, name="cut", on_progress=stop_at_third)
    opened = Run.open(tmp_path / "run")
    part = opened.surfaces["cut"]
    assert part.evaluated.sum() == seen[-1].saved == seen[-1].done < part.evaluated.size
    np.testing.assert_array_equal(part.cost[part.evaluated], whole.cost[part.evaluated])
    assert np.isnan(part.cost[~part.evaluated]).all()
    computed: list[SurfaceProgress] = []
    complete = opened.surface(resolution=25, sample=30, name="cut", on_progress=computed.append)
    assert computed[0].done > seen[-1].done
    assert computed[-1].saved == computed[-1].total == 625
    np.testing.assert_array_equal(complete.rows, whole.rows)
    np.testing.assert_allclose(complete.cost, whole.cost, rtol=1e-12)
    assert_same_surface(Run.open(tmp_path / "run").surfaces["cut"], complete)


def test_an_interrupted_surface_is_completed_in_the_same_process(trained: Run) -> None:
    def stop(_: SurfaceProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained.surface(resolution=22, name="again", on_progress=stop)
    try:
        assert not trained.surfaces["again"].complete
        assert trained.surface(resolution=22, name="again").complete
    finally:
        del trained.surfaces["again"]
        shutil.rmtree(trained.folder / "surfaces" / "again")


def test_a_complete_surface_is_not_computed_again(trained: Run) -> None:
    assert trained.folder is not None
    opened = Run.open(trained.folder)

    def fail(progress: SurfaceProgress) -> None:
        raise AssertionError(progress)

    again = opened.surface(resolution=(5, 4), name="small", on_progress=fail)
    assert_same_surface(again, trained.surfaces["small"])
    assert again.true_costs(opened.path.thetas[:1])[0] == pytest.approx(opened.history.train_cost[0], rel=1e-6)


def test_a_value_without_its_mark_is_not_evaluated(trained: Run, copy: Path) -> None:
    """A kill between the arrays leaves costs that the mask does not know; they do not count."""
    writer = SurfaceWriter(copy, "small", trained.surfaces["small"], resume=True)
    mask = np.zeros((4, 5), bool)
    mask[0, 0] = True
    writer._arrays["evaluated"][...] = mask
    surface = Run.open(copy).surfaces["small"]
    assert surface.evaluated.sum() == np.isfinite(surface.cost).sum() == np.isfinite(surface.accuracy).sum() == 1


def test_another_surface_of_the_same_name_is_refused(trained: Run) -> None:
    with pytest.raises(RunError, match=r"another surface 'small', with split = 'train': choose another name"):
        trained.surface(resolution=(5, 4), split="test", name="small")


@pytest.mark.parametrize("name", ["", "A", "../up", "a/b", ".hidden", "-x", "ä", "a\n", "a b"])
def test_a_surfaces_name_must_suit_a_folder(trained: Run, name: str) -> None:
    with pytest.raises(RunError, match="cannot name a surface"):
        trained.surface(resolution=2, name=name)


def test_infinite_and_nan_costs_survive_the_disk(trained: Run, tmp_path: Path) -> None:
    def value(theta: np.ndarray) -> float:
        return float("inf") if theta[0] > 0 else float(theta @ theta)

    objective = FunctionObjective(value, None, [-1.0, 1.0])
    run = fit(Experiment(epochs=3, optimizer={"name": "sgd", "learning_rate": 0.1}), objective=objective)
    plane = run.plane("random")
    *_, last = tiles(objective, plane, Grid.spanning((-9, 9), (-9, 9), 5))
    (tmp_path / "surfaces").mkdir()
    SurfaceWriter(tmp_path, "s", last.surface)
    again, recipe = runs_surfaces.read_surface(tmp_path, "s")
    assert again.nonfinite > 0
    assert recipe == {}
    assert_same_surface(again, last.surface)


def test_a_plane_is_called_after_its_projection_where_that_gave_it_no_name(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = trained.plane("pca")
    monkeypatch.setattr(
        "landscape.projections.Random.plane", lambda *_: Plane(laid.centre, laid.directions, laid.labels)
    )
    assert trained.plane("random").name == "random"


def test_planes_of_another_seed_differ_and_of_the_same_do_not(trained: Run) -> None:
    planes = [trained.plane("random", seed=seed).directions for seed in (0, 0, 1)]
    np.testing.assert_array_equal(planes[0], planes[1])
    assert (planes[0] != planes[2]).any()


# --- opening -------------------------------------------------------------------------------------------------


def edit(folder: Path, change: object) -> None:
    """Apply `change` to the decoded zarr.json of a folder."""
    file = folder / "zarr.json"
    text = json.loads(file.read_text())
    change(text["attributes"].get("landscape", {}), text)  # type: ignore[operator]
    file.write_text(json.dumps(text))


def refused(folder: Path, *parts: str) -> None:
    with pytest.raises(RunError) as raised:
        Run.open(folder)
    message = str(raised.value)
    for part in (folder.name, *parts):
        assert part in message


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    refused(tmp_path / "absent", "does not exist", "landscape train")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no zarr.json")
    (tmp_path / "file").write_bytes(b"\x00")
    refused(tmp_path / "file", "is a file")
    (tmp_path / "odd" / "zarr.json").mkdir(parents=True)
    refused(tmp_path / "odd", "cannot read")


def test_a_folder_of_another_program_is_foreign(tmp_path: Path) -> None:
    xarray.Dataset({"x": ("t", np.arange(3))}).to_zarr(tmp_path / "theirs", zarr_format=3, consolidated=False)
    refused(tmp_path / "theirs", "another program")
    for text in ("[]", "3", '{"attributes": []}', '{"attributes": {"landscape": {"format": "x"}}}'):
        (tmp_path / "theirs" / "zarr.json").write_text(text)
        refused(tmp_path / "theirs", "another program")


def test_a_surface_is_not_a_run(copy: Path) -> None:
    refused(copy / "surfaces" / "small", "is a surface, not a run")


def test_a_newer_format_asks_for_an_upgrade(copy: Path) -> None:
    edit(copy, lambda ours, _: ours.update(format=2))
    refused(copy, "written by format 2; this version reads 1: upgrade landscape-explorer")


def test_a_truncated_zarr_json_is_damage_at_any_length(copy: Path) -> None:
    for file in (copy / "zarr.json", copy / "path" / "theta" / "zarr.json"):
        whole = file.read_bytes()
        for length in range(0, len(whole) - 1, 97):
            file.write_bytes(whole[:length])
            refused(copy, "damaged", "restore it from a copy")
        file.write_bytes(whole)
    file = copy / "zarr.json"
    file.write_bytes(b"\xff\xfe\x00" + file.read_bytes())
    refused(copy, "damaged")


@pytest.mark.parametrize("key", ["experiment", "provenance", "ending", "message", "seconds", "saved"])
def test_a_missing_attribute_is_damage(copy: Path, key: str) -> None:
    edit(copy, lambda ours, _: ours.pop(key))
    refused(copy, "damaged", key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("experiment", 3),
        ("provenance", []),
        ("ending", "exploded"),
        ("seconds", "long"),
        ("saved", {"snapshots": 1}),
        ("saved", {"snapshots": 10_000_000, "steps": 1, "epochs": 1}),
    ],
)
def test_a_wrong_attribute_is_damage(copy: Path, key: str, value: object) -> None:
    edit(copy, lambda ours, _: ours.update({key: value}))
    refused(copy, "damaged")


@pytest.mark.parametrize(
    "name", ["path", "path/theta", "path/step", "history/batch_cost", "history/test_accuracy", "path/theta/c"]
)
def test_a_missing_array_or_chunk_is_damage(copy: Path, name: str) -> None:
    shutil.rmtree(copy / name)
    refused(copy, "damaged", "path" if name == "path" else name.removesuffix("/c"))


@pytest.mark.parametrize(
    "name", ["path/theta/c/0/0", "path/step/c/0", "history/train_cost/c/0", "surfaces/small/cost/c/0/0"]
)
def test_a_truncated_or_altered_chunk_is_damage(copy: Path, name: str) -> None:
    file = copy / name
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    folder = copy / "surfaces" / "small" if name.startswith("surfaces") else copy
    for content in (whole[: len(whole) // 2], b"", bytes([*whole[:-1], whole[-1] ^ 1])):
        file.write_bytes(content)
        with pytest.raises(RunError, match="damaged") as raised:
            Run.open(copy)
        assert str(folder) in str(raised.value)


def test_steps_that_do_not_increase_are_damage(copy: Path) -> None:
    import zarr

    zarr.open_group(copy, mode="r+")["path/step"][2] = 0
    refused(copy, "damaged", "do not increase")


def test_unfinished_drafts_of_surfaces_are_ignored(copy: Path) -> None:
    (copy / "surfaces" / ".half.0a1b2c3d").mkdir()
    (copy / "surfaces" / "notes.txt").write_text("")
    assert sorted(Run.open(copy).surfaces) == ["sampled", "small"]


def test_a_run_killed_before_its_start_was_recorded_opens_empty(tmp_path: Path) -> None:
    started(tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert len(run.path) == 0
    assert run.ending == "running"
    with pytest.raises(RunError, match="killed before its start"):
        _ = run.theta
    with pytest.raises(RunError, match="killed before its start"):
        Run.open(tmp_path / "run", objective=XOR.objective()).plane()


# --- objective and provenance ----------------------------------------------------------------------------------


def test_an_objective_from_python_must_be_given_again(tmp_path: Path) -> None:
    objective = FunctionObjective(lambda theta: float(theta @ theta), None, [1.0, 2.0])
    rosenbrock = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.001}, epochs=4)
    for experiment in (XOR, rosenbrock):
        folder = tmp_path / experiment.to_dict()["optimizer"]["name"] / str(experiment.function is None)
        fit(experiment, objective=objective, folder=folder)
        with pytest.raises(RunError, match=r"not what was minimized.*Run\.open\(folder, objective=…\)"):
            _ = Run.open(folder).objective
        assert Run.open(folder, objective=objective).surface(resolution=2).complete


def test_data_that_changed_since_are_noticed(tmp_path: Path, rng: np.random.Generator) -> None:
    def write(shift: float) -> None:
        x, y = rng.normal(size=(30, 2)).astype(np.float32) + np.float32(shift), rng.integers(0, 2, 30)
        np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)

    write(0)
    experiment = Experiment(dataset={"name": "npz", "path": str(tmp_path / "data.npz")}, hidden=(3,), epochs=1)
    fit(experiment, folder=tmp_path / "run")
    assert Run.open(tmp_path / "run").surface(resolution=2).complete
    write(1)
    with pytest.raises(RunError, match="another fingerprint"):
        Run.open(tmp_path / "run").surface(resolution=2)


def test_provenance_names_the_provider_of_every_part() -> None:
    known = provenance(XOR, XOR.objective())
    assert known.plugins["cost"] == f"landscape-explorer:quadratic {known.package}"
    assert set(known.plugins) == {"dataset", "activation", "output", "cost", "optimizer", "schedule"}
    assert known.seed == XOR.seed
    two = XOR.with_overrides(['activation=["tanh", "relu"]', "hidden=4, 4"])
    assert "tanh" in provenance(two, two.objective()).plugins["activation"]
    assert "relu" in provenance(two, two.objective()).plugins["activation"]
    function = Experiment(function="beale")
    assert set(provenance(function, function.objective()).plugins) == {"optimizer", "schedule"}
    assert provenance(function, function.objective()).dataset == ""


def data(inputs: np.ndarray, labels: np.ndarray | None = None) -> Data:
    examples = Examples(inputs, np.ones((len(inputs), 2), np.float32), labels)
    return Data(examples, examples)


def test_fingerprint_depends_on_every_byte_and_nothing_else(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = rng.normal(size=(50, 3)).astype(np.float32)
    labels = rng.integers(0, 2, 50)
    known = fingerprint(data(inputs, labels))
    assert len(known) == 64
    assert fingerprint(data(inputs.astype(">f4"), labels)) == known
    assert fingerprint(data(np.asfortranarray(inputs), labels)) == known
    changed = inputs.copy()
    changed[31, 2] = np.nextafter(changed[31, 2], np.float32(9))
    others = [data(changed, labels), data(inputs), data(inputs.astype(np.float64), labels), data(inputs, 1 - labels)]
    assert len({known, *map(fingerprint, others)}) == 5
    monkeypatch.setattr("landscape.runs.records._BLOCK_BYTES", 40)
    assert fingerprint(data(inputs, labels)) == known


FULL = """
import resource, sys
import numpy as np
from landscape import Experiment, fit
from landscape.errors import RunError
from landscape.runs import RunWriter

run = fit(Experiment(function="ravine", epochs=1))
experiment = run.experiment.model_copy(update={"snapshots": 100})
writer = RunWriter(sys.argv[1], experiment, run.provenance, 50_000, np.float64)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    writer.record(range(100), np.random.default_rng(0).normal(size=(100, 50_000)))
except RunError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_full_disk_is_one_error_and_no_noise(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path / "run"], capture_output=True, text=True)
    assert done.stdout.startswith(f"cannot write '{tmp_path / 'run'}': ")
    assert done.stderr == ""
    assert Run.open(tmp_path / "run").ending == "running"
