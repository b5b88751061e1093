"""Experiments from Python, TOML and overrides; what is wrong with them is said by path."""

from __future__ import annotations

import json
import re
import tomllib
from enum import Enum

import numpy as np
import pytest
from pydantic import Field

from landscape import Experiment
from landscape.costs import Huber
from landscape.errors import DataError, ExperimentError, PluginError
from landscape.experiment import preset_names, projection
from landscape.functions import FORMULAS
from landscape.kinds import Cost, Data, Dataset, Examples, Optimizer
from landscape.observers import CSV, TensorBoard
from landscape.optimizers import Adam
from landscape.projections import FilterNormalized
from landscape.registry import Provided, registry
from landscape.schedules import Constant, Exponential


def test_name_table_and_object_mean_the_same():
    by_name = Experiment(cost="huber")
    assert by_name == Experiment(cost={"name": "huber"}) == Experiment(cost=Huber())
    assert Experiment(cost={"name": "huber", "delta": 2.0}) == Experiment(cost=Huber(delta=2.0)) != by_name


def test_default_is_the_classic_network():
    experiment = Experiment()
    assert experiment.hidden == (16, 16)
    assert experiment.dataset.name == "mnist"
    assert experiment.cost.name == "quadratic"
    assert experiment.output.name == "sigmoid"
    assert experiment.optimizer.name == "sgd"


EXPERIMENTS = [
    Experiment(),
    Experiment(hidden=[], output="identity", cost=Huber(delta=0.5), optimizer=Adam(beta1=0.5), seed=2**62),
    Experiment(hidden="8, 4, 2", activation=["relu", {"name": "leaky_relu", "negative_slope": 0.2}, "gelu"]),
    Experiment(function={"name": "rosenbrock", "start": [-1.0, 2.0]}, epochs=20, precision="float64"),
    Experiment(schedule=Exponential(gamma=0.5), clip_norm=1.5, clip_value=0.1, observers=["csv", TensorBoard(every=2)]),
]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_experiments_round_trip(experiment, tmp_path):
    assert Experiment(**experiment.to_dict()) == experiment
    assert Experiment(**json.loads(json.dumps(experiment.to_dict()))) == experiment
    file = tmp_path / "experiment.toml"
    file.write_text(experiment.to_toml(), encoding="utf-8")
    assert Experiment.from_toml(file) == experiment


def test_experiments_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Experiment().seed = 2


@pytest.mark.parametrize("name", preset_names())
def test_presets_load_and_round_trip(name):
    preset = Experiment.preset(name)
    assert Experiment(**preset.to_dict()) == preset


def test_presets_have_the_stated_networks():
    assert {"classic", "wide"} <= set(preset_names())
    classic = Experiment.preset("classic").model_dump(include={"hidden", "dataset", "activation", "output", "cost"})
    assert classic == Experiment().model_dump(include=set(classic))


@pytest.mark.parametrize(
    ("overrides", "check"),
    [
        (["optimizer.learning_rate=0.25"], lambda e: e.optimizer.learning_rate == 0.25),
        (["optimizer.learning_rate=1e-3"], lambda e: e.optimizer.learning_rate == 0.001),
        (["cost=huber", "cost.delta=2"], lambda e: e.cost == Huber(delta=2)),
        (["cost.name=huber"], lambda e: e.cost == Huber()),
        (["hidden=8,4"], lambda e: e.hidden == (8, 4)),
        (["hidden=[8, 4]"], lambda e: e.hidden == (8, 4)),
        (["hidden=32"], lambda e: e.hidden == (32,)),
        (['activation=["relu", "tanh"]'], lambda e: [a.name for a in e.activation] == ["relu", "tanh"]),
        (["optimizer=adam"], lambda e: e.optimizer == Adam()),
        (["optimizer.momentum=0.5", "optimizer=sgd"], lambda e: e.optimizer.momentum == 0.5),
        (["function=rosenbrock"], lambda e: e.function.name == "rosenbrock"),
        (["seed = 7"], lambda e: e.seed == 7),
    ],
)
def test_overrides(overrides, check):
    assert check(Experiment().with_overrides(overrides))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"optimizer": {"name": "sgd", "learning_rat": 1}},
            r"optimizer\.learning_rat: .* Did you mean 'learning_rate'",
        ),
        ({"optimizer": {"name": "sgd", "learning_rate": -1}}, r"optimizer\.learning_rate: .*greater than 0, not -1"),
        ({"optimizer": {"name": "sgd", "learning_rate": float("nan")}}, r"optimizer\.learning_rate: .*finite"),
        ({"optimizer": {"learning_rate": 1}}, r"optimizer: .*names no optimizer"),
        ({"optimizer": Huber()}, r"optimizer: Huber\(delta=1\.0\) is of the kind cost, not optimizer"),
        ({"cost": "quadratik"}, r"cost: there is no cost 'quadratik'\. Did you mean 'quadratic'"),
        ({"batchsize": 3}, r"batchsize: .*Did you mean 'batch_size'"),
        ({"learning_rate": 3}, r"learning_rate: .*Did you mean 'optimizer\.learning_rate'"),
        ({"hidden": [16, 0]}, r"hidden\.1: .*greater than or equal to 1, not 0"),
        ({"hidden": [100_000]}, r"hidden\.0: .*less than or equal to 8192"),
        ({"activation": ["relu"]}, "activation lists 1, but there are 2 hidden layers"),
        ({"precision": "float16"}, "precision: .*'float32' or 'float64', not 'float16'"),
        ({"function": "rosenbrok"}, "Did you mean 'rosenbrock'"),
        ({"function": "rosenbrock", "cost": "huber"}, "a function has no cost"),
        ({"seed": -1}, "seed: .*greater than or equal to 0"),
    ],
)
def test_errors_name_path_value_and_remedy(values, message):
    with pytest.raises(ExperimentError, match=message):
        Experiment(**values)


def test_every_problem_is_reported_at_once():
    with pytest.raises(ExperimentError) as caught:
        Experiment(batch_size=0, cost="nothing", hidden=[0])
    text = str(caught.value)
    assert "batch_size" in text
    assert "cost" in text
    assert "hidden.0" in text


class Still(Optimizer):
    name = "still"

    def init(self, theta):
        return {}

    def update(self, gradient, state, theta):
        return 0 * theta, state


def test_another_optimizer_takes_a_schedule_only_of_a_rate_that_it_has(monkeypatch):
    monkeypatch.setattr(registry(), "_provided", [*registry()._provided, Provided(Still, "some-dist", "1.0")])
    classic = Experiment.preset("classic")
    assert classic.with_overrides(["optimizer=adam"]).schedule == classic.schedule == Exponential(gamma=0.85)
    assert classic.with_overrides(["optimizer=still"]).schedule == Constant()
    with pytest.raises(ExperimentError, match="schedule = 'step', but still has no learning_rate"):
        classic.with_overrides(["optimizer=still", "schedule=step"])
    with pytest.raises(ExperimentError, match="there is no optimizer 'stil'"):
        classic.with_overrides(["optimizer=stil"])


@pytest.mark.parametrize("override", ["seed", "=3", "a..b=3", "seed.x=3"])
def test_malformed_overrides_are_errors(override):
    with pytest.raises(ExperimentError, match=override):
        Experiment().with_overrides([override])


def test_unreadable_toml_is_an_error(tmp_path):
    with pytest.raises(ExperimentError, match="cannot read"):
        Experiment.from_toml(tmp_path / "missing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("seed = = 3")
    with pytest.raises(ExperimentError, match=r"broken.toml.*line 1"):
        Experiment.from_toml(broken)


def test_json_schema_says_fields_bounds_and_plugins():
    schema = Experiment.model_json_schema()
    json.dumps(schema)
    optimizer = schema["properties"]["optimizer"]
    tables = {table["properties"]["name"]["const"]: table for table in optimizer["anyOf"][1:]}
    assert set(optimizer["anyOf"][0]["enum"]) == set(tables) >= {"sgd", "adam", "adamw", "rmsprop", "adagrad"}
    rate = tables["adam"]["properties"]["learning_rate"]
    assert rate["exclusiveMinimum"] == 0
    assert rate["description"]
    assert all("description" in field for field in schema["properties"].values())


def test_purposes_and_epochs_have_independent_generators():
    experiment = Experiment(seed=3)
    draws = [experiment.rng(*key).random() for key in (("data",), ("initial",), ("order", 0), ("order", 1))]
    assert len(set(draws)) == 4
    assert experiment.rng("order", 1).random() == draws[3]
    assert Experiment(seed=4).rng("initial").random() != draws[1]


def test_projection_from_name_table_and_object():
    expected = FilterNormalized(biases=True)
    assert projection({"name": "filter_normalized", "biases": True}) == expected == projection(expected)
    with pytest.raises(ExperimentError, match="Did you mean 'pca'"):
        projection("pcaa")
    with pytest.raises(ExperimentError, match=r"projection\.biases"):
        projection({"name": "filter_normalized", "biases": "perhaps"})


def test_objective_takes_sizes_from_the_data():
    objective = Experiment(dataset="spirals", hidden=[3]).objective()
    assert objective.network.sizes[0] == 2
    assert objective.dtype == np.float32
    assert Experiment(dataset="spirals", precision="float64").objective().dtype == np.float64


def test_own_json_of_pydantic_round_trips():
    for experiment in EXPERIMENTS:
        assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment


def test_toml_leaves_out_what_is_none(monkeypatch):
    class Optional(Huber):
        name = "optional"
        limit: float | None = Field(None, gt=0, description="Most that an example costs")

    monkeypatch.setattr(registry(), "_provided", [*registry()._provided, Provided(Optional, "some-dist", "1.0")])
    experiment = Experiment(cost={"name": "optional", "delta": 0.5})
    assert Experiment(**tomllib.loads(experiment.to_toml())) == experiment == Experiment(**experiment.to_dict())


def test_toml_may_start_with_a_byte_order_mark(tmp_path):
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbfseed = 3\n")
    assert Experiment.from_toml(tmp_path / "bom.toml").seed == 3


def test_numbers_of_too_many_digits_are_errors(tmp_path):
    (tmp_path / "long.toml").write_text(f"seed = {'1' * 5000}\n")
    with pytest.raises(ExperimentError, match="is not TOML"):
        Experiment.from_toml(tmp_path / "long.toml")
    with pytest.raises(ExperimentError, match=r"^seed: "):
        Experiment().with_overrides([f"seed={'1' * 5000}"])


def test_a_field_called_self_is_as_unknown_as_any():
    with pytest.raises(ExperimentError, match="an experiment has no field 'self'"):
        Experiment(**{"self": 1})


def test_a_long_wrong_value_is_cut_short():
    with pytest.raises(ExperimentError) as caught:
        Experiment(batch_size=list(range(10_000)))
    assert len(str(caught.value)) < 300


def test_a_part_without_a_name_is_an_error():
    class Nameless(Cost):
        def per_example(self, outputs, targets): ...

        def gradient(self, outputs, targets): ...

    with pytest.raises(ExperimentError, match="cost: Nameless has no name"):
        Experiment(cost=Nameless())


def test_naming_a_part_by_its_field_is_naming_it():
    for name in ("optimizer", "optimizer.name"):
        changed = Experiment().with_overrides([f"{name}=adam", f"{name}=adam", "optimizer.beta1=0.5"])
        assert changed.optimizer == Adam(beta1=0.5)
        assert changed.with_overrides([f"{name}=adam"]) == changed
    assert Experiment().with_overrides(["function.name=ravine"]) == Experiment(function="ravine")
    assert Experiment().with_overrides(["function.start=[1, 2, 3]"]).function.start == (1, 2, 3)
    decayed = Experiment(function="ravine", schedule="exponential")
    assert decayed.with_overrides(["function.start=[1, 2]"]).schedule == Exponential()
    assert Experiment.preset("classic").with_overrides(["function=ravine"]).schedule == Constant()


@pytest.mark.parametrize(
    "said",
    ["csv, tensorboard", ["csv", {"name": "tensorboard"}], [CSV(), "tensorboard"], (CSV(), TensorBoard())],
    ids=repr,
)
def test_observers_are_said_by_names_tables_and_objects(said):
    assert Experiment(observers=said).observers == (CSV(), TensorBoard())


@pytest.mark.parametrize("said", ["csv", {"name": "csv"}, CSV()], ids=repr)
def test_one_observer_needs_no_list(said):
    assert Experiment(observers=said).observers == (CSV(),)
    assert Experiment(observers=()).observers == Experiment(observers="").observers == ()


@pytest.mark.parametrize(
    ("overrides", "observers"),
    [
        (["observers=csv"], (CSV(),)),
        (["observers=csv,tensorboard"], (CSV(), TensorBoard())),
        (['observers=["csv", {name = "csv", every = 3}]'], (CSV(), CSV(every=3))),
        (["observers=csv", "observers.path=log.csv"], (CSV(path="log.csv"),)),
        (["observers=csv", "observers.0.path=log.csv"], (CSV(path="log.csv"),)),
        (["observers.0=csv", "observers.1=tensorboard", "observers.1.every=5"], (CSV(), TensorBoard(every=5))),
        (["observers.0.name=csv", "observers.0.every=2", "observers.0=csv"], (CSV(every=2),)),
    ],
)
def test_observers_are_overridden_by_their_places(overrides, observers):
    assert Experiment().with_overrides(overrides).observers == observers


def test_activations_are_overridden_by_their_places():
    changed = Experiment(activation=["relu", "leaky_relu"]).with_overrides(["activation.1.negative_slope=0.5"])
    assert [activation.name for activation in changed.activation] == ["relu", "leaky_relu"]
    assert changed.activation[1].negative_slope == 0.5


@pytest.mark.parametrize("override", ["observers.1=csv", "observers.path=x", "observers.-1=csv", "observers.0.path=x"])
def test_an_observer_is_named_before_its_fields_are_set(override):
    said = f"^{re.escape(repr(override))}: .* is no entry of a list of 0; they count from 0: .*observers=NAME"
    with pytest.raises(ExperimentError, match=said):
        Experiment().with_overrides([override])


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        (["hidden.x=8"], "'x' is no entry of a list of 2; they count from 0: write hidden.0 for the first"),
        (["hidden.3=8"], "'3' is no entry of a list of 2; .*: the first is hidden.0, and the next would be hidden.2"),
        (["observers.0=csv", "observers.path=x"], "write observers.0.path for the first"),
        (["observers=csv", "observers.1.path=x"], "the next would be observers.1"),
        (["activation.1=relu"], "activation is no list, but 'sigmoid' for all layers: .*as activation=tanh,relu"),
        (["seed.x=3"], "seed has no fields, it is 0: write seed=VALUE"),
        (["optimizer.learning_rate.x=1"], "learning_rate has no fields, it is 0.5: write learning_rate=VALUE"),
        (["cost.delta=2"], "cost 'quadratic' has no field 'delta'. 'delta' is a field of cost 'huber': name that cost"),
        (["cost.detla=2"], "'delta' is a field of cost 'huber'"),
        (["optimizer.beta1=0.5"], "'beta1' is a field of optimizer 'adam', 'adamw', 'nadam', …: name that"),
        (["optimizer.momentun=0.5"], "Did you mean 'momentum'"),
        (["optimizer.lr=0.5"], "Did you mean 'learning_rate'"),
        (["lr=0.5"], "Did you mean 'optimizer.learning_rate'"),
        (["gamma=0.5"], "Did you mean 'schedule.gamma'"),
        (["function.x=1"], "^function.x: a function has no field 'x'. Fields: name, start"),
        (
            ["cost.delta=2", "cost=huber"],
            "'cost=huber' starts from defaults, and would drop 'cost.delta=2': put it before",
        ),
        (
            ["observers.0=csv", "observers=csv"],
            "'observers=csv' starts from defaults, and would drop 'observers.0=csv'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_in_overrides_name_value_cause_and_remedy(overrides, remedy):
    with pytest.raises(ExperimentError, match=remedy):
        Experiment().with_overrides(overrides)


def test_an_unknown_setting_like_no_other_suggests_none():
    for name in ("layers", "cost.flavour"):
        with pytest.raises(ExperimentError) as caught:
            Experiment().with_overrides([f"{name}=3"])
        assert "Did you mean" not in str(caught.value)
        assert "is a field of" not in str(caught.value)


def test_activations_are_listed_by_commas():
    changed = Experiment().with_overrides(["activation=relu, tanh"])
    assert [activation.name for activation in changed.activation] == ["relu", "tanh"]


def test_unknown_fields_and_names_in_a_list_say_their_place():
    with pytest.raises(ExperimentError, match=r"observers\.0\.pat: .*Did you mean 'path'"):
        Experiment().with_overrides(["observers=csv", "observers.0.pat=x"])
    with pytest.raises(ExperimentError, match=r"observers\.1: there is no observer 'csw'\. Did you mean 'csv'"):
        Experiment(observers=["csv", "csw"])


def test_what_the_first_runs_call_a_decay_is_a_schedule():
    assert Experiment(learning_rate_decay=0.5).schedule == Exponential(gamma=0.5)
    assert Experiment(learning_rate_decay=1).schedule == Constant()
    with pytest.raises(ExperimentError, match=r"schedule = .exponential. and schedule\.gamma now"):
        Experiment(learning_rate_decay=0.5, schedule="cosine")


@pytest.mark.parametrize("name", ["clip_norm", "clip_value"])
def test_limits_of_gradients_are_positive_or_none(name):
    assert getattr(Experiment(**{name: 2}), name) == 2
    assert name not in Experiment().to_dict()
    with pytest.raises(ExperimentError, match=f"{name}: .*greater than 0, not 0"):
        Experiment(**{name: 0})


def test_json_schema_allows_one_observer_or_a_list():
    choices = Experiment.model_json_schema()["properties"]["observers"]["anyOf"]
    assert choices[0]["enum"][:2] == ["csv", "tensorboard"]
    assert choices[-1]["items"]["anyOf"] == choices[:-1]


def test_json_schema_holds_what_fields_of_any_type_refer_to(monkeypatch):
    class Shape(Enum):
        ROUND = "round"
        SQUARE = "square"

    class Shaped(Huber):
        name = "shaped"
        shape: Shape = Field(Shape.ROUND, description="Of the bowl")

    monkeypatch.setattr(registry(), "_provided", [*registry()._provided, Provided(Shaped, "some-dist", "1.0")])
    schema = Experiment.model_json_schema()
    references = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert "Shape" in references
    assert references <= schema["$defs"].keys()
    table = next(t for t in schema["properties"]["cost"]["anyOf"] if t.get("title") == "Shaped")
    assert table["properties"]["name"] == {"const": "shaped"}


def test_json_schema_allows_a_function_by_name():
    names = Experiment.model_json_schema()["properties"]["function"]["anyOf"][0]["enum"]
    assert [Experiment(function=name).function.name for name in names] == list(FORMULAS)


def test_json_schema_allows_a_list_of_activations():
    choices = Experiment.model_json_schema()["properties"]["activation"]["anyOf"]
    several = next(choice for choice in choices if choice.get("type") == "array")
    assert several["items"]["anyOf"] == [choice for choice in choices if choice is not several]


def test_a_data_set_that_returns_no_data_is_named():
    class Forgetful(Dataset):
        name = "forgetful"

        def load(self, rng): ...

    with pytest.raises(PluginError, match="dataset 'forgetful' returned NoneType"):
        Experiment(dataset=Forgetful()).objective()


def test_a_data_set_of_wrong_shapes_is_named_with_them():
    class Flat(Dataset):
        name = "flat"

        def load(self, rng):
            examples = Examples(np.zeros((10, 2)), np.zeros(10))
            return Data(examples, examples)

    with pytest.raises(DataError, match=r"^dataset 'flat': inputs and targets must be .*, not \(10, 2\) and \(10,\)$"):
        Experiment(dataset=Flat()).objective()
    with pytest.raises(DataError, match=r"^data set 'npz' has no path"):
        Experiment(dataset="npz").objective()
