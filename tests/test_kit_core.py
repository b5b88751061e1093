"""The kit itself: results, expected failures, pytest's tests and the command `landscape check`."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

import landscape
from landscape.cli import app
from landscape.costs import Huber, Quadratic
from landscape.kinds import KINDS, Cost
from landscape.registry import registry
from landscape.testing import (
    Check,
    CheckFailure,
    CheckSkipped,
    Result,
    checks_for,
    kind_of,
    parametrize_with_checks,
    run_checks,
)
from landscape.testing.core import _result
from landscape.testing.pytest import _skipping

SLOPE = "gradient_is_the_slope_of_the_losses"
RIGHT = """
from landscape import Cost, hookimpl
from pydantic import Field


class Sample(Cost):
    '''Σⱼ w(oⱼ − tⱼ)².'''

    name = "sample"
    source = "original"
    weight: float = Field(1.0, gt=0, le=10, description="Weight")

    def per_example(self, outputs, targets):
        return self.weight * ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * self.weight * (outputs - targets)


@hookimpl
def register_costs():
    return [Sample]
"""
WRONG = RIGHT.replace("return 2 * self.weight * (outputs", "return -2 * self.weight * (outputs")


class Wrong(Quadratic):
    """Σⱼ (oⱼ − tⱼ)², with a gradient of the wrong sign."""

    def gradient(self, outputs, targets):
        return 2 * (targets - outputs)


def outcomes(results):
    return {result.check.id: result.outcome for result in results}


@pytest.mark.parametrize("kind", KINDS)
def test_checks_have_distinct_ids_made_of_words_and_say_a_sentence(kind):
    checks = checks_for(kind)
    assert len({check.id for check in checks}) == len(checks)
    for check in checks:
        assert check.id.replace("_", "").isalnum()
        assert check.id.islower()
        assert check.says.endswith(".")
        assert check.says[0].isupper()


@pytest.mark.parametrize("kind", KINDS)
def test_the_checks_of_all_kinds_come_first(kind):
    assert [check.id for check in checks_for(kind)][:2] == ["has_a_name", "is_of_its_kind"]
    assert len(checks_for(kind)) > 20


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"no kind 'coast'\. Did you mean 'cost'\?"):
        checks_for("coast")


def test_results_list_every_check_in_order():
    results = run_checks(Huber())
    assert [result.check for result in results] == checks_for("cost")
    assert {result.outcome for result in results} == {"passed"}
    assert all(result.ok and not result.message for result in results)


def test_a_failure_has_a_message_and_is_not_ok():
    (failed,) = (result for result in run_checks(Wrong()) if result.check.id == SLOPE)
    assert failed.outcome == "failed"
    assert not failed.ok
    assert "the sign is wrong" in failed.message


def test_an_expected_failure_is_ok_and_says_its_reason():
    found = {r.check.id: r for r in run_checks(Wrong(), {SLOPE: "it is a demonstration"})}
    assert found[SLOPE].outcome == "expected"
    assert found[SLOPE].ok
    assert "since it is a demonstration: gradient[" in found[SLOPE].message
    assert found["total_agrees"].outcome == "failed"


def test_an_expected_failure_that_passes_is_not_ok():
    found = {r.check.id: r for r in run_checks(Huber(), {SLOPE: "it was wrong once"})}
    assert found[SLOPE].outcome == "unexpected"
    assert not found[SLOPE].ok
    assert "expect it no more" in found[SLOPE].message


def test_an_unknown_expected_failure_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match=r"no check 'pickels' .* Did you mean 'pickles'\?"):
        run_checks(Huber(), {"pickels": "it does not"})


def test_an_expected_failure_needs_a_reason():
    with pytest.raises(ValueError, match="has no reason"):
        run_checks(Huber(), {"pickles": " "})


@pytest.mark.parametrize("thing", [Huber, "huber", None])
def test_what_is_no_plugin_is_an_error(thing):
    with pytest.raises(TypeError, match="is not a plugin: give an instance"):
        run_checks(thing)
    with pytest.raises(TypeError, match="is not a plugin: give instances"):
        parametrize_with_checks([thing])


def test_the_kind_goes_by_the_base_class():
    class Odd(Huber):
        kind = "optimizer"

    assert kind_of(Odd) == kind_of(Odd()) == "cost"
    with pytest.raises(TypeError, match=r"landscape\.Cost"):
        kind_of(3)


def raising(error):
    def run(plugin):
        raise error

    return Check("some_check", "Something holds.", run)


def test_whatever_a_plugin_raises_becomes_a_failure():
    with pytest.raises(CheckFailure, match=r"Huber raised ZeroDivisionError: by 0\."):
        raising(ZeroDivisionError("by 0"))(Huber())
    with pytest.raises(CheckFailure, match="Huber raised SystemExit"):
        raising(SystemExit(3))(Huber())


def test_a_keyboard_interrupt_is_no_failure():
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt())(Huber())


def test_a_check_that_cannot_be_done_is_skipped_with_its_reason():
    check = raising(CheckSkipped("no files"))
    assert _result(check, Huber(), None) == Result(check, "skipped", "no files")
    assert _result(check, Huber(), None).ok
    assert _result(check, Huber(), "unlikely").outcome == "skipped"


def test_pytest_skips_what_cannot_be_done():
    with pytest.raises(pytest.skip.Exception, match="no files"):
        _skipping(raising(CheckSkipped("no files")))(Huber())


def test_a_failure_of_a_variant_says_which():
    def run(plugin):
        if plugin.delta != 1:
            raise CheckFailure("it is off.")

    with pytest.raises(CheckFailure, match=r"^With Huber\(delta=.*\): it is off\.$"):
        Check("some_check", "Something holds.", run, varied=True)(Huber())
    Check("some_check", "Something holds.", run)(Huber())


REASONS = dict.fromkeys(
    (
        SLOPE,
        "gradient_is_right_at_other_targets",
        "gradient_is_right_where_saturated",
        "gradient_is_right_at_extremes",
        "gradient_is_right_at_kinks",
        "total_agrees",
    ),
    "it is wrong on purpose",
)


@parametrize_with_checks([Huber(), Wrong()], expected_failures=lambda p: REASONS if isinstance(p, Wrong) else {})
def test_expected_failures_may_depend_on_the_plugin(plugin, check):
    check(plugin)


def test_expected_failures_of_pytest_are_checked_too():
    with pytest.raises(ValueError, match="no check 'nothing'"):
        parametrize_with_checks([Huber()], expected_failures={"nothing": "why not"})
    with pytest.raises(ValueError, match="no check 'nothing'"):
        parametrize_with_checks([Huber()], expected_failures=lambda plugin: {"nothing": "why not"})
    with pytest.raises(ValueError, match="no plugins"):
        parametrize_with_checks([])


def test_every_check_is_a_test_of_its_own(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    (tmp_path / "test_sample.py").write_text(
        textwrap.dedent(
            f"""
            from wrong import Sample
            from landscape.testing import parametrize_with_checks

            @parametrize_with_checks(
                [Sample(), Sample(weight=3)], expected_failures={{"pickles": "it was so", "{SLOPE}": "it is so"}}
            )
            def test_sample(plugin, check):
                check(plugin)
            """
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:dash", "-rfx", str(tmp_path)]
    environment = {"PYTHONPATH": f"{Path(landscape.__file__).parents[1]}:{tmp_path}"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert run.returncode == 1
    assert f"XFAIL test_sample.py::test_sample[Sample(weight=1.0)-{SLOPE}] - it is so" in run.stdout
    assert "[XPASS(strict)] it was so" in run.stdout
    total = 2 * len(checks_for("cost"))
    assert f"{total - 12} passed, 2 xfailed" in run.stdout.replace("10 failed, ", "")


def check_(*words):
    return CliRunner().invoke(app, ["check", *map(str, words)])


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _fresh_registry():
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def file(tmp_path, _fresh_registry):
    path = tmp_path / "sample.py"
    path.write_text(RIGHT, encoding="utf-8")
    return path


def test_the_command_lists_every_check():
    result = check_("huber")
    assert result.exit_code == 0
    for check in checks_for("cost"):
        assert f"✓ {check.id}\n" in result.output
    assert "✗" not in result.output
    assert f"all {len(checks_for('cost'))} checks" in result.output


def test_the_command_checks_a_file_and_fails_with_status_1(file):
    assert check_(file).exit_code == 0
    file.write_text(WRONG, encoding="utf-8")
    result = check_(file)
    assert result.exit_code == 1
    assert f"  ✗ {SLOPE}\n      gradient[" in result.output
    assert "the sign is wrong" in result.output
    assert "✓ pickles" in result.output


def test_the_command_says_it_as_json(file):
    file.write_text(WRONG, encoding="utf-8")
    result = check_(file, "--json")
    assert result.exit_code == 1
    (plugin,) = json.loads(result.stdout)
    assert (plugin["kind"], plugin["name"], plugin["distribution"]) == ("cost", "sample", "sample.py")
    assert not plugin["ok"]
    (slope,) = (check for check in plugin["checks"] if check["id"] == SLOPE)
    assert slope["outcome"] == "failed"
    assert slope["message"].startswith("gradient[")


def test_what_a_plugin_prints_is_kept_out_of_the_json(file):
    file.write_text(RIGHT.replace("        return self.weight", "        print('hello')\n        return self.weight"))
    result = check_(file, "--json")
    (plugin,) = json.loads(result.stdout)
    assert {check["id"] for check in plugin["checks"] if check["outcome"] == "failed"} == {"leaves_the_process_alone"}


def test_of_much_that_a_plugin_prints_the_beginning_is_shown(file):
    body = "        print('hello ' * 100)\n        return self.weight"
    file.write_text(RIGHT.replace("        return self.weight", body), encoding="utf-8")
    result = check_(file)
    assert result.stderr.startswith("hello hello ")
    assert re.search(r"\n… and [\d,]{5,} more characters that the plugin printed\n$", result.stderr)
    assert len(result.stderr) < 2200
    assert result.stdout.startswith("cost sample, of sample.py\n  ✓ has_a_name\n")


def test_a_file_that_does_not_end_loading_is_an_error_that_says_where(file):
    file.write_text("while True:\n    pass\n", encoding="utf-8")
    result = check_(file, "--time-limit", "0.2")
    assert result.exit_code == 2
    assert re.search(r"sample\.py cannot be loaded: sample\.py, line [12]: <module> had not returned", result.output)


def test_a_message_that_comes_again_is_said_once(file):
    file.write_text(RIGHT.replace(".sum(axis=-1)", ".sum()"), encoding="utf-8")
    result = check_(file)
    assert "✗ shapes_fit\n      per_example returned losses of shape ()" in result.output
    assert "✗ examples_are_independent\n      The same as shapes_fit." in result.output


def test_every_plugin_of_a_file_is_checked_or_those_of_a_kind(file):
    more = """
from landscape.activations import Tanh

class Sample2(Tanh):
    name = "sample"

@hookimpl
def register_activations():
    return [Sample2]
"""
    file.write_text(RIGHT + more, encoding="utf-8")
    assert [(p["kind"], p["name"]) for p in json.loads(check_(file, "--json").stdout)] == [
        ("cost", "sample"),
        ("activation", "sample"),
    ]
    assert [p["kind"] for p in json.loads(check_(file, "--json", "--kind", "activation").stdout)] == ["activation"]
    assert [p["kind"] for p in json.loads(check_("sample", "--json").stdout)] == ["cost", "activation"]
    assert check_(file, "--kind", "optimizer").exit_code == 2


@pytest.mark.parametrize(
    "words", [["cost", "huber"], ["huber", "--kind", "cost"], ["landscape-explorer:huber"], ["cost", "huber", "--json"]]
)
def test_a_plugin_may_be_said_in_several_ways(words):
    result = check_(*words)
    assert result.exit_code == 0
    assert "huber" in result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hubber"], "there is no plugin 'hubber'. Did you mean 'huber'?"),
        (["cost", "tanh"], "there is no cost 'tanh'."),
        (["huber", "--kind", "coast"], "there is no kind 'coast'. Did you mean 'cost'?"),
        (["one", "two"], "there is no plugin 'one'."),
        (["coast", "huber"], "there is no plugin 'coast'. Did you mean 'cost'?"),
        (["absent.py"], "absent.py"),
        (["huber", "--expect", "pickels=no"], "there is no check 'pickels' to expect a failure of. Did you mean"),
        (["huber", "--expect", "pickles"], "gives no reason"),
    ],
    ids=" ".join,
)
def test_bad_input_ends_with_status_2_and_says_why(words, says):
    result = check_(*words)
    assert result.exit_code == 2
    assert says in result.output


def test_failures_may_be_expected_on_the_command_line(file):
    file.write_text(WRONG, encoding="utf-8")
    words = [word for id_ in REASONS if id_ != "total_agrees" for word in ("--expect", f"{id_}=it is on purpose")]
    result = check_(file, *words)
    assert result.exit_code == 0
    assert f"  – {SLOPE}\n      Expected, since it is on purpose: gradient[" in result.output
    assert check_("huber", "--expect", "pickles=it was so").exit_code == 1


class NoSource(Cost):
    """A cost for the last test."""

    name = "no_source"

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)


def test_one_failure_hides_no_other_check():
    found = outcomes(run_checks(NoSource()))
    assert [id_ for id_, outcome in found.items() if outcome != "passed"] == ["names_its_source"]
