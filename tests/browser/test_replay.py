"""In a browser: a saved run without one of its plugins, and the fields of a projection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from driving import READY, wait_idle, wait_past
from pydantic import Field

from landscape import Experiment, Run, fit
from landscape.costs import Quadratic
from landscape.projections import PCA
from landscape.registry import Provided, registry

pytestmark = pytest.mark.browser

SMALL = {"dataset": {"name": "spirals", "train_size": 200, "test_size": 100}, "hidden": (6,), "epochs": 30}


class Focal(Quadratic):
    """A cost that is not there any more."""

    name: ClassVar[str] = "focal"


class Turned(PCA):
    """A projection with a field."""

    name: ClassVar[str] = "turned"
    angle: float = Field(0.0, ge=0, le=90, description="Degrees to turn by")


LIVE = "() => !window.landscape.player().state.replay"


@pytest.fixture(autouse=True)
def _fresh_registry() -> Iterator[None]:
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run with a saved surface whose cost's plugin is gone."""
    registry()._provided.append(Provided(Focal, "landscape-focal", "0.3"))
    run = fit(Experiment(**SMALL, cost="focal"), folder=tmp_path / "run")
    run.surface(resolution=21, name="fine")
    registry.cache_clear()
    return tmp_path / "run"


def view_value(page: Any) -> str:
    return str(page.locator(".projection input").first.input_value())


def choose_view(page: Any, option: str) -> None:
    page.click(".projection")
    page.get_by_role("option", name=option, exact=True).click()


def test_run_without_the_plugin_of_its_cost_shows_what_it_can_and_trains_with_another(
    folder: Path, serve: Callable[..., Any], new_page: Callable[..., Any]
) -> None:
    page = new_page(serve(run=Run.open(folder)).url)
    page.wait_for_function("() => window.landscape?.player?.()?.surface?.a.length === 21")
    assert "pip install landscape-focal==0.3" in page.text_content("#remarks")
    assert page.is_visible("#remarks")
    assert view_value(page) == "Saved: fine"
    page.wait_for_function(READY)
    assert page.evaluate("() => document.querySelectorAll('#cost-curve .scatterlayer .trace').length") >= 2
    assert not page.is_visible(".legend")

    choose_view(page, "PCA of the path")
    page.wait_for_function("() => window.landscape.player().surface.absent")
    assert page.evaluate("() => document.getElementById('stage').dataset.view") == "contour"
    lit = "() => { const c = document.querySelector('.contour-path'), d = c.getContext('2d')"
    lit += ".getImageData(0, 0, c.width, c.height).data; return d.some((v) => v > 0); }"
    page.wait_for_function(lit)
    assert page.text_content("#images") == "no surface"

    page.click("#run")
    page.wait_for_function(LIVE)
    wait_past(page, 20)
    assert page.is_hidden("#remarks")
    assert page.evaluate("() => document.getElementById('stage').dataset.view") == "space"
    page.click(".projection")
    assert page.get_by_role("option", name="Saved: fine").count() == 0


def test_a_saved_surface_goes_from_the_choice_with_its_run(
    folder: Path, serve: Callable[..., Any], new_page: Callable[..., Any]
) -> None:
    page = new_page(serve(run=Run.open(folder)).url)
    page.wait_for_function("() => window.landscape?.player?.()?.surface?.a.length === 21")
    page.click("#step")
    page.wait_for_function(LIVE)
    page.wait_for_function("() => document.querySelector('.projection input').value === 'PCA of the path'")


def test_fields_of_a_projection_are_controls_that_lay_another_plane(page: Any) -> None:
    page.click("#step")
    wait_idle(page)
    assert not page.is_visible(".view-fields")
    choose_view(page, "Random (filter-normalised)")
    page.wait_for_selector(".view-fields >> text=Normalization")
    page.wait_for_function("() => window.landscape.player().surface.labels[0].startsWith('random')")
    wait_idle(page)
    before = page.evaluate("() => window.landscape.player().surface.plane")
    page.locator(".view-fields").get_by_role("switch").click()
    page.wait_for_function("before => window.landscape.player().surface.plane !== before", arg=before)


def test_wrong_field_of_a_projection_is_said_there_and_the_plane_stays(
    serve: Callable[..., Any], new_page: Callable[..., Any]
) -> None:
    registry()._provided.append(Provided(Turned, "landscape-turned", "0.3"))
    dashboard = serve(experiment=Experiment(**SMALL))
    page = new_page(dashboard.url)
    page.wait_for_function(READY)
    page.click("#step")
    wait_idle(page)
    choose_view(page, "Turned")
    angle = page.locator(".view-fields").get_by_label("Angle", exact=True)
    angle.fill("100")
    page.wait_for_selector(".view-fields >> text=Less than or equal to 90")
    (session,) = dashboard.sessions
    assert session.view == Turned()
    angle.fill("30")
    page.wait_for_function("() => !document.querySelector('.view-fields [data-error]')")
    assert session.view == Turned(angle=30)
    page.locator(".view-choice .about").click()
    page.wait_for_selector("text=--projection turned")
