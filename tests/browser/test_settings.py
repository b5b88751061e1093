from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from driving import NEWEST, READY, Dashboard, wait_idle, wait_past
from pydantic import Field

from landscape import Experiment
from landscape.dashboard.settings import suited
from landscape.hookspecs import hookimpl
from landscape.kinds import Cost, Optimizer
from landscape.layout import Array
from landscape.registry import registry

pytestmark = pytest.mark.browser


@pytest.fixture
def page(dashboard: Dashboard, new_page: Callable[..., Any]) -> Any:
    page = new_page(dashboard.url, reduced_motion="reduce")
    page.wait_for_function(READY)
    return page


def field(page: Any, label: str) -> Any:
    return page.locator(".settings").get_by_label(label, exact=True)


def choose(page: Any, label: str, option: str) -> None:
    field(page, label).first.click()
    page.get_by_role("option", name=option, exact=True).click()


def held_rate(dashboard: Dashboard) -> float:
    (session,) = dashboard.sessions
    return session.experiment.optimizer.learning_rate  # type: ignore[attr-defined,no-any-return]


def set_rate(page: Any, text: str) -> None:
    rate = field(page, "Learning rate")
    rate.fill(text)
    rate.press("Tab")


def test_exponent_is_read_as_the_number_it_is(page: Any, dashboard: Dashboard) -> None:
    set_rate(page, "1e-3")
    page.wait_for_function("() => document.activeElement && !document.querySelector('.settings [data-error]')")
    page.click("#step")
    wait_past(page, 0)
    assert held_rate(dashboard) == 0.001


def test_wrong_learning_rate_is_said_at_its_field_and_turns_run_off(page: Any) -> None:
    wrapper = page.locator(".settings .mantine-TextInput-root", has_text="Learning rate")
    for text in ("-1", "abc", ""):
        set_rate(page, text)
        page.wait_for_selector("#run:disabled")
        assert wrapper.locator(".mantine-InputWrapper-error").inner_text()
        assert page.locator(".settings .mantine-InputWrapper-error").count() == 1
        set_rate(page, "0.1")
        page.wait_for_selector("#run:not(:disabled)")
        assert wrapper.locator(".mantine-InputWrapper-error").count() == 0


def test_adam_comes_with_its_own_defaults(page: Any) -> None:
    set_rate(page, "0.25")
    choose(page, "Optimizer", "Adam")
    page.wait_for_function("() => document.querySelector('.settings').textContent.includes('Beta1')")
    assert field(page, "Learning rate").input_value() == "0.001"
    assert field(page, "Momentum").count() == 0
    page.wait_for_selector("#run:not(:disabled)")


@pytest.mark.parametrize(("box", "option"), [("Minimize", "Rosenbrock"), ("Preset", "Spirals")])
def test_run_right_after_a_choice_runs_the_settings_that_come_with_it(
    page: Any, dashboard: Dashboard, box: str, option: str
) -> None:
    field(page, box).first.click()
    page.get_by_role("option", name=option, exact=True).wait_for()
    page.evaluate(
        """name => {
            [...document.querySelectorAll('[role=option]')].find((option) => option.textContent === name).click();
            document.getElementById('run').click();
        }""",
        option,
    )
    wait_past(page, 3)
    (session,) = dashboard.sessions
    wanted = suited("rosenbrock", seed=0) if box == "Minimize" else Experiment.preset("spirals")
    assert session._work is not None
    assert session._work.experiment == session.experiment == wanted


class Tilted(Cost):
    """A cost that only this test knows."""

    name: ClassVar[str] = "tilted"
    steepness: float = Field(1.5, gt=0, description="How steep.")
    ranks: int = Field(3, ge=1, le=9, description="How many ranks.")
    mirrored: bool = Field(False, description="Seen in a mirror.")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        return np.asarray((self.steepness * (outputs - targets) ** 2).sum(axis=-1))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        return 2 * self.steepness * (outputs - targets)


class Module:
    __name__ = "tilted"

    @staticmethod
    @hookimpl
    def register_costs() -> list[type[Cost]]:
        return [Tilted]


@pytest.fixture
def tilted() -> Iterator[None]:
    before = list(registry()._provided)
    registry().add(Module(), "tilted", "landscape-tilted", "1.0")
    yield
    registry()._provided[:] = before


def test_installed_plugin_appears_with_all_its_fields_labelled_and_trains(
    tilted: None, dashboard: Dashboard, new_page: Callable[..., Any]
) -> None:
    page = new_page(dashboard.url)
    page.wait_for_function(READY)
    choose(page, "Cost", "Tilted")
    field(page, "Steepness").wait_for()
    assert field(page, "Steepness").input_value() == "1.5"
    assert field(page, "Ranks").input_value() == "3"
    assert field(page, "Mirrored").count() == 1
    page.wait_for_selector("#run:not(:disabled)")
    page.click("#step")
    wait_past(page, 0)
    (session,) = dashboard.sessions
    assert session.experiment.cost == Tilted()


def test_learning_rate_changes_while_training_and_leaves_a_mark(page: Any, dashboard: Dashboard) -> None:
    page.click("#run")
    wait_past(page, 20)
    set_rate(page, "0.05")
    page.wait_for_function("() => window.landscape.player().changes.length === 1")
    (session,) = dashboard.sessions
    work = session._work
    assert work is not None
    optimizer: Optimizer = work.trainer.optimizer
    assert optimizer.learning_rate == 0.05  # type: ignore[attr-defined]
    assert page.evaluate("() => window.landscape.player().state.running")
    assert page.locator("#form-note").inner_text() == ""


def test_structure_applies_on_reset_and_says_so(page: Any, dashboard: Dashboard) -> None:
    page.click("#run")
    wait_past(page, 5)
    page.click("#run")
    wait_idle(page)
    field(page, "Hidden").fill("12")
    field(page, "Hidden").press("Tab")
    page.wait_for_function("() => document.getElementById('form-note').textContent === 'Applies on Reset'")
    (session,) = dashboard.sessions
    assert session._work is not None
    assert session._work.experiment.hidden == (16, 16)
    page.click("#reset")
    page.wait_for_function(f"() => ({NEWEST})() === 0")
    assert session._work.experiment.hidden == (12,)
    page.wait_for_function("() => document.getElementById('form-note').textContent === ''")


def test_settings_before_the_first_step_are_those_that_run(page: Any, dashboard: Dashboard) -> None:
    field(page, "Hidden").fill("8, 4")
    field(page, "Seed").fill("7")
    page.click("#step")
    page.wait_for_function(f"() => ({NEWEST})() === 1")
    (session,) = dashboard.sessions
    assert session._work is not None
    assert session._work.experiment.hidden == (8, 4)
    assert session._work.experiment.seed == 7


def test_test_function_descends_on_the_same_page(page: Any) -> None:
    choose(page, "Minimize", "Himmelblau")
    page.wait_for_function("() => !document.querySelector('.settings').innerText.includes('Hidden')")
    page.wait_for_function(
        "() => document.querySelector('.settings').innerText.includes('Beta1')"
    )  # settings that suit it
    page.click("#step")
    wait_past(page, 0)
    assert page.evaluate("() => window.landscape.player().surface.available") == 1
    assert page.locator(".whole-note").is_visible()
    assert not page.locator(".projection").first.is_visible()


def test_page_goes_on_after_a_run_has_diverged(page: Any) -> None:
    choose(page, "Minimize", "Rosenbrock")
    page.wait_for_function("() => document.getElementById('speed').value === '20 steps/s'")  # settings that suit it
    set_rate(page, "0.5")
    page.click("#run")
    page.wait_for_function("() => document.getElementById('notice').textContent.includes('diverged')")
    choose(page, "Minimize", "A network")
    page.wait_for_function("() => document.getElementById('speed').value === '200 steps/s'")
    page.click("#reset")
    page.wait_for_function(f"() => ({NEWEST})() === 0")
    page.click("#run")
    wait_past(page, 10)
    page.wait_for_function("() => Number(document.getElementById('step-count').textContent) > 0")


def test_wrong_value_does_not_keep_a_run_from_being_paused(page: Any) -> None:
    page.click("#run")
    wait_past(page, 5)
    set_rate(page, "abc")
    page.wait_for_selector("#step:disabled")
    assert page.locator("#form-note").inner_text()
    page.click("#run")
    page.wait_for_function("() => document.getElementById('run-text').textContent === 'Run'")
    page.wait_for_selector("#run:disabled")
    set_rate(page, "0.1")
    page.wait_for_selector("#run:not(:disabled)")


def test_too_large_a_network_is_refused_at_its_field(page: Any) -> None:
    field(page, "Hidden").fill("99999")
    field(page, "Hidden").press("Tab")
    page.wait_for_selector("#run:disabled")
    assert page.locator(".settings .mantine-InputWrapper-error").count() == 1


def test_address_sets_the_page_and_copy_link_gives_it_back(dashboard: Dashboard, new_page: Callable[..., Any]) -> None:
    query = "?hidden=[8]&optimizer=adam&optimizer.learning_rate=0.02&seed=3"
    page = new_page(dashboard.url + query, permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_function(READY)
    page.wait_for_function("() => document.querySelector('.settings').textContent.includes('Beta1')")
    assert field(page, "Learning rate").input_value() == "0.02"
    page.click("#copy-link")
    page.wait_for_selector("#copy-link.done")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    clean = new_page(copied)
    clean.wait_for_function(READY)
    clean.click("#step")
    wait_past(clean, 0)
    experiments = [session.experiment for session in dashboard.sessions]
    assert experiments[0] == experiments[1]
    assert experiments[0].seed == 3


@pytest.mark.parametrize(
    ("query", "words"), [("?hidden=[99999999]&optimizer=sgd", "hidden"), ("?hidden=[8,8,8,8,8,8,8,8,8]", "9 layers")]
)
def test_bad_address_gives_a_message_and_a_page_that_works(
    dashboard: Dashboard, new_page: Callable[..., Any], query: str, words: str
) -> None:
    page = new_page(dashboard.url + query)
    page.wait_for_function(READY)
    page.wait_for_function("words => document.getElementById('form-note').textContent.includes(words)", arg=words)
    page.click("#step")
    wait_past(page, 0)
