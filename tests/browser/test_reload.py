"""A plugin by file on the page: its fields, its source, and what saving it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from driving import READY, Dashboard, wait_past

from landscape.dashboard import PluginFiles
from landscape.registry import registry

pytestmark = pytest.mark.browser

FOCAL = '''import numpy as np
from landscape import Cost, hookimpl
from pydantic import Field


class Focal(Cost):
    """Focal loss <on> logits: what is right already counts little."""

    name = "focal"
    source = "Lin et al. 2017, arXiv:1708.02002"
    gamma: float = Field(2.0, ge=0, le=10, description="Focus on wrong answers")

    def per_example(self, outputs, targets):
        z = (2 * targets - 1) * outputs
        return (np.exp(-self.gamma * np.logaddexp(0, z)) * np.logaddexp(0, -z)).sum(axis=-1)

    def gradient(self, outputs, targets):
        z = (side := 2 * targets - 1) * outputs
        miss = np.exp(-np.logaddexp(0, z))
        return side * miss**self.gamma * (self.gamma * (miss - 1) * np.logaddexp(0, -z) - miss)


@hookimpl
def register_costs():
    return [Focal]
'''
ALPHA = '    alpha: float = Field(0.25, gt=0, lt=1, description="Weight of the classes")\n\n    def per_example'
WITH_ALPHA = FOCAL.replace("\n    def per_example", ALPHA)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    before = list(registry()._provided)
    path = tmp_path / "focal.py"
    path.write_text(FOCAL)
    yield path
    registry()._provided[:] = before


@pytest.fixture
def following(file: Path, serve: Callable[..., Dashboard]) -> Dashboard:
    assert len(FOCAL.splitlines()) <= 25
    return serve(plugins=PluginFiles([file]))


@pytest.fixture
def page(following: Dashboard, new_page: Callable[..., Any]) -> Any:
    page = new_page(following.url, reduced_motion="reduce")
    page.wait_for_function(READY)
    return page


def of_cost(page: Any, label: str) -> Any:
    return page.locator("section.group").filter(has=page.get_by_role("heading", name="Cost")).get_by_label(label).first


def choose_focal(page: Any) -> None:
    of_cost(page, "Cost").click()
    page.get_by_role("option", name="Focal", exact=True).click()
    of_cost(page, "Gamma").wait_for()


def about_cost(page: Any) -> Any:
    page.get_by_role("button", name="About this cost").click()
    drawer = page.get_by_role("dialog", name="Focal")
    drawer.locator("pre").wait_for()
    return drawer


def notes(page: Any) -> Any:
    return page.locator("#plugin-notes")


def wait_for_note(page: Any, words: str) -> None:
    page.wait_for_function("words => document.getElementById('plugin-notes').innerText.includes(words)", arg=words)


def test_cost_of_a_file_is_in_the_list_with_labelled_fields_and_help(page: Any) -> None:
    choose_focal(page)
    assert of_cost(page, "Gamma").input_value() == "2"
    assert page.get_by_text("Lin et al. 2017, arXiv:1708.02002 · focal.py").is_visible()
    of_cost(page, "Gamma").hover()
    page.get_by_role("tooltip").filter(has_text="Focus on wrong answers (≥ 0, ≤ 10)").wait_for()
    of_cost(page, "Gamma").fill("11")
    page.wait_for_selector("#run:disabled")
    of_cost(page, "Gamma").fill("5")
    page.wait_for_selector("#run:not(:disabled)")


def test_source_of_what_is_chosen_is_shown_by_pointer_and_by_keyboard(page: Any) -> None:
    choose_focal(page)
    drawer = about_cost(page)
    said = drawer.inner_text()
    for words in (
        "Focal loss <on> logits",
        "Lin et al. 2017, arXiv:1708.02002",
        "focal.py",
        "def gradient(self, outputs",
    ):
        assert words in said
    assert drawer.locator("pre").inner_text() == FOCAL[FOCAL.index("class Focal") : FOCAL.index("\n\n@hook")].strip()
    page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    page.get_by_role("button", name="About this optimizer").focus()
    page.keyboard.press("Enter")
    built_in = page.get_by_role("dialog", name="SGD")
    built_in.locator("pre").wait_for()
    assert "class SGD" in built_in.inner_text()
    page.keyboard.press("Escape")


def test_every_part_can_be_asked_about(page: Any) -> None:
    labels = page.eval_on_selector_all("button.about", "all => all.map((one) => one.getAttribute('aria-label'))")
    wanted = ("data set", "hidden activation", "output activation", "cost", "optimizer", "schedule", "projection")
    assert labels == [f"About this {name}" for name in wanted]


def test_saving_brings_new_fields_keeps_values_and_updates_the_open_source(page: Any, file: Path) -> None:
    choose_focal(page)
    of_cost(page, "Gamma").fill("3")
    page.wait_for_function("() => document.getElementById('form-note').innerText.includes('Applies on Run')")
    drawer = about_cost(page)
    file.write_text(WITH_ALPHA)
    wait_for_note(page, "focal.py was reloaded at")
    drawer.locator("pre", has_text="alpha: float").wait_for()
    page.keyboard.press("Escape")
    assert of_cost(page, "Gamma").input_value() == "3"
    assert of_cost(page, "Alpha").input_value() == "0.25"
    of_cost(page, "Alpha").fill("2")
    page.wait_for_selector("#run:disabled")
    of_cost(page, "Alpha").fill("0.5")
    page.wait_for_selector("#run:not(:disabled)")
    file.write_text(FOCAL.replace("Field(2.0", "Field(4.0").replace("gamma", "beta"))
    of_cost(page, "Beta").wait_for()
    assert of_cost(page, "Beta").input_value() == "4"
    assert of_cost(page, "Gamma").count() == 0


def test_syntax_error_names_file_and_line_while_the_page_works_and_goes_when_mended(
    page: Any, file: Path, following: Dashboard
) -> None:
    choose_focal(page)
    file.write_text(FOCAL.replace("return [Focal]", "return [Focal"))
    wait_for_note(page, "focal.py, line 25")
    assert page.get_by_role("alert").filter(has_text="The version before stays in force").is_visible()
    page.click("#step")
    wait_past(page, 0)
    (session,) = following.sessions
    assert session.experiment.cost.name == "focal"
    file.write_text(WITH_ALPHA)
    of_cost(page, "Alpha").wait_for()
    assert "line 25" not in notes(page).inner_text()
    page.wait_for_function("() => document.getElementById('form-note').innerText === 'Applies on Reset'")
    page.click("#reset")
    page.wait_for_function("() => document.getElementById('form-note').innerText === ''")


def test_training_goes_on_with_the_class_that_it_began_with(page: Any, file: Path, following: Dashboard) -> None:
    choose_focal(page)
    page.click("#run")
    wait_past(page, 0)
    (session,) = following.sessions
    assert session._work is not None
    work, old = session._work, type(session._work.experiment.cost)
    file.write_text(WITH_ALPHA)
    of_cost(page, "Alpha").wait_for()
    wait_past(page, wait_past(page, 0))
    assert session._work is work
    assert type(work.experiment.cost) is old
    page.wait_for_function("() => document.getElementById('form-note').innerText === 'Applies on Reset'")


def test_cost_that_goes_while_it_is_chosen_gives_way_to_the_default_in_every_tab(
    page: Any, file: Path, following: Dashboard
) -> None:
    other = page.context.new_page()
    other.goto(following.url)
    other.wait_for_function(READY)
    for tab in (page, other):
        choose_focal(tab)
    two = FOCAL.replace('name = "focal"', 'name = "blurred"').replace("[Focal]", "[Focal, Other]")
    file.write_text(two.replace("@hook", 'class Other(Focal):\n    name = "other"\n\n\n@hook'))
    for tab in (page, other):
        wait_for_note(tab, "There is no cost 'focal' any more: Quadratic is chosen.")
        tab.wait_for_function("() => !document.getElementById('run').disabled")
        assert of_cost(tab, "Cost").input_value() == "Quadratic"
        assert of_cost(tab, "Gamma").count() == 0
        of_cost(tab, "Cost").click()
        assert tab.get_by_role("option", name="Blurred", exact=True).is_visible()
        assert tab.get_by_role("option", name="Focal", exact=True).count() == 0
    (session,) = following.sessions
    assert session.experiment.cost.name == "quadratic"


def test_cost_that_is_renamed_while_it_is_chosen_stays_chosen_with_its_values(page: Any, file: Path) -> None:
    choose_focal(page)
    with page.expect_response(lambda answer: '"value":"3.5"' in (answer.request.post_data or "")):
        of_cost(page, "Gamma").fill("3.5")
    file.write_text(FOCAL.replace('name = "focal"', 'name = "blurred"'))
    wait_for_note(page, "new: cost blurred; gone: cost focal.")
    page.wait_for_function("() => !document.getElementById('run').disabled")
    assert of_cost(page, "Cost").input_value() == "Blurred"
    assert of_cost(page, "Gamma").input_value() == "3.5"


def test_new_state_fits_a_phone_and_an_alert_is_in_view_there(
    following: Dashboard, new_page: Callable[..., Any], file: Path
) -> None:
    phone = new_page(following.url, width=390, height=844, reduced_motion="reduce")
    phone.wait_for_function(READY)
    file.write_text("def")
    wait_for_note(phone, "focal.py, line 1")
    box = phone.get_by_role("alert").filter(has_text=re.compile("line 1")).bounding_box()
    assert box["y"] + box["height"] <= 844
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390


PLAIN = """from landscape import Cost, hookimpl


class Plain(Cost):
    \"\"\"The squared distance.\"\"\"

    name = "plain"

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)


@hookimpl
def register_costs():
    return [Plain]
"""


def test_change_of_a_plugin_without_fields_says_that_it_waits_for_reset(page: Any, file: Path) -> None:
    file.write_text(PLAIN)
    wait_for_note(page, "new: cost plain")
    of_cost(page, "Cost").click()
    page.get_by_role("option", name="Plain", exact=True).click()
    page.get_by_text("focal.py", exact=True).wait_for()
    page.click("#step")
    wait_past(page, 0)
    assert page.locator("#form-note").inner_text() == ""
    file.write_text(PLAIN.replace("2 *", "2.0 *"))
    page.wait_for_function("() => document.getElementById('form-note').innerText === 'Applies on Reset'")
