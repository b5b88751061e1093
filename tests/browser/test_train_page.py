from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from driving import EYE, NEWEST, PATIENCE, PROMPT, READY, STEPS, Dashboard, wait_idle, wait_past

from landscape import Experiment, fit

pytestmark = pytest.mark.browser


def centre(page: Any) -> tuple[float, float]:
    box = page.locator("#space").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_fresh_page_shows_a_surface_and_a_path_without_a_click(
    dashboard: Dashboard, new_page: Callable[..., Any]
) -> None:
    page = new_page(dashboard.url)
    page.wait_for_function(
        """() => {
            const data = document.getElementById('space')?.data;
            return data && data[0].z.flat().filter(Number.isFinite).length > 600 && data[2].x.length >= 2;
        }""",
        timeout=PROMPT,
    )
    assert page.locator("#label-text").inner_text() == "Recorded run. Press Run to train live."


_RANGES = ((0, 35), (-300, 300), (-0.02, 0.02), (0.36, 0.38), (-4.6, -4.3), (2.3021, 2.3022), (-45, 38.5))
_NO_RANGES = ("[3, 3]", "[NaN, 1]", "[-Infinity, 1]", "[0, Infinity]", "[1, 1 + 2e-16]", "[-1e308, 1e308]")


def test_axes_have_some_ticks_in_any_range_and_few_in_none(page: Any) -> None:
    for low, high in _RANGES:
        values = page.evaluate("range => window.landscape.logTicks(...range).values", [low, high])
        assert 2 <= len(values) <= 9
        assert all(low <= value <= high for value in values)
    for ends in _NO_RANGES:
        for name in ("logTicks", "linearTicks"):
            assert page.evaluate(f"() => window.landscape.{name}(...{ends}).values.length") <= 9


def test_surface_first_drawn_on_a_path_at_rest_shows_the_path(page: Any) -> None:
    page.click("#step")
    wait_past(page, 0)
    wait_idle(page)
    drawn = page.evaluate(
        """async () => {
            const player = window.landscape.player(), space = document.getElementById('space');
            window.Plotly.purge(space);
            player.scene.ready = false; // as when the page opened with the contour only
            player.draw();
            await player.scene.queued;
            return Object.keys(space._fullLayout.scene._scene.traces).length;
        }"""
    )
    assert drawn == 7


def test_run_on_a_saved_run_follows_the_live_one(serve: Callable[..., Dashboard], new_page: Callable[..., Any]) -> None:
    saved = fit(Experiment(function="ravine", optimizer={"name": "sgd", "learning_rate": 0.1}, epochs=30))
    page = new_page(serve(run=saved).url)
    page.wait_for_function(READY)
    assert page.locator(".label").is_visible()
    page.click("#run")
    page.wait_for_function("() => !window.landscape.player().state.replay")
    page.wait_for_function(
        "() => { const p = window.landscape.player(); return p.follow && !p.replaying && p.head > 3; }"
    )
    page.wait_for_selector(".label", state="hidden")


def test_recorded_ball_rolls_by_itself_unless_motion_is_unwanted(
    dashboard: Dashboard, new_page: Callable[..., Any]
) -> None:
    page = new_page(dashboard.url)
    page.wait_for_function("() => window.landscape?.player?.()?.head > 5")
    still = new_page(dashboard.url, reduced_motion="reduce")
    still.wait_for_function(
        "() => { const p = window.landscape?.player?.(); return p?.points.length > 2 && p.head === p.newest(); }"
    )
    assert not still.evaluate("() => window.landscape.player().replaying")


def test_run_makes_the_counter_and_the_path_grow_without_gaps_or_repeats(page: Any) -> None:
    page.click("#run")
    first = wait_past(page, 0)
    for _ in range(5):
        first = wait_past(page, first)
    page.wait_for_function("() => Number(document.getElementById('step-count').textContent.replace(/\\D/g, '')) > 0")
    steps = page.evaluate(STEPS)
    assert steps[0] == 0
    assert all(a < b for a, b in itertools.pairwise(steps))
    assert page.locator("#run-text").inner_text() == "Pause"


def test_camera_turns_while_training_and_stays_where_it_was_left(page: Any) -> None:
    page.click("#run")
    before_steps = wait_past(page, 0)
    before = page.evaluate(EYE)
    x, y = centre(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(15):
        page.mouse.move(x + 12 * (k + 1), y - 3 * k)
    page.mouse.up()
    page.wait_for_function(f"eye => Math.hypot(...({EYE})().map((v, k) => v - eye[k])) > 0.1", arg=before)
    turned = page.evaluate(EYE)
    later = wait_past(page, wait_past(page, before_steps))
    page.wait_for_timeout(1500)  # the time itself is what is checked: nothing puts the camera back
    assert page.evaluate(EYE) == pytest.approx(turned, abs=1e-6)
    assert wait_past(page, later) > before_steps


def test_wheel_zooms_while_training_and_stays_after_theme_and_resize(page: Any) -> None:
    page.click("#run")
    newest = wait_past(page, 0)
    before = page.evaluate(EYE)
    page.mouse.move(*centre(page))
    for _ in range(8):
        page.mouse.wheel(0, -60)
    page.wait_for_function(f"eye => Math.hypot(...({EYE})().map((v, k) => v - eye[k])) > 0.05", arg=before)
    page.wait_for_timeout(700)  # the wheel's inertia runs out
    zoomed = page.evaluate(EYE)
    page.click("#theme")
    page.set_viewport_size({"width": 1400, "height": 800})
    page.wait_for_function(
        "() => document.getElementById('space')._fullLayout.width === document.getElementById('space').clientWidth"
    )
    wait_past(page, newest)
    assert page.evaluate(EYE) == pytest.approx(zoomed, abs=1e-6)


def test_pause_holds_the_last_point_step_adds_one_and_reset_returns_to_the_start(page: Any) -> None:
    page.click("#run")
    wait_past(page, 20)
    page.click("#run")
    wait_idle(page)
    held = page.evaluate(STEPS)
    page.wait_for_timeout(2000)  # the two seconds are what is checked
    assert page.evaluate(STEPS) == held
    page.click("#step")
    page.wait_for_function(f"step => ({NEWEST})() === step + 1", arg=held[-1])
    assert page.evaluate(STEPS) == [*held, held[-1] + 1]
    start = page.evaluate("() => window.landscape.player().points.cost[0]")
    page.click("#reset")
    page.wait_for_function(f"() => ({STEPS})().length === 1 && ({NEWEST})() === 0")
    assert page.evaluate("() => window.landscape.player().points.cost[0]") == start


def test_reload_goes_on_with_the_same_run(page: Any) -> None:
    page.click("#run")
    reached = wait_past(page, 50)
    costs = page.evaluate("() => window.landscape.player().points.cost.slice(0, 20)")
    page.reload()
    page.wait_for_function(READY)
    later = wait_past(page, reached)
    assert page.evaluate(STEPS)[0] == 0
    assert page.evaluate("() => window.landscape.player().points.cost.slice(0, 20)") == costs
    assert wait_past(page, later) > later


def test_path_grows_when_every_answer_is_late(dashboard: Dashboard, new_page: Callable[..., Any]) -> None:
    page = new_page(dashboard.url)
    page.wait_for_function(READY)

    def late(route: Any) -> None:
        time.sleep(0.3)  # the injected delay
        route.continue_()

    page.route("**/_dash-update-component*", late)
    page.click("#run")
    first = wait_past(page, 0)
    assert wait_past(page, wait_past(page, first)) > first
    page.unroute_all(behavior="wait")


def test_honesty_figures_equal_those_computed_from_the_weights(page: Any, dashboard: Dashboard) -> None:
    page.click("#run")
    wait_past(page, 200)
    page.click("#run")
    wait_idle(page)
    page.wait_for_function("() => { const p = window.landscape.player(); return p.head === p.newest() && !p.dirty; }")
    (session,) = dashboard.sessions
    work = session._work
    assert work is not None
    assert work.slice is not None
    part, thetas = work.slice, np.stack(work.trail.thetas).astype(np.float64)
    plane, theta = part.plane, thetas[-1]
    offsets = thetas - plane.centre
    basis = plane.directions.astype(np.float64)
    inside = np.linalg.lstsq(basis.T, offsets.T, rcond=None)[0].T
    residuals = offsets - inside @ basis
    captured = 1 - np.square(residuals).sum() / np.square(offsets).sum()
    shown = page.evaluate("() => window.landscape.player().state.slice.captured")
    assert shown == pytest.approx(captured, rel=0.01)
    here = page.evaluate("() => { const p = window.landscape.player(); return p.points.at(p.head); }")
    assert here["off"] == pytest.approx(np.linalg.norm(residuals[-1]), rel=0.01)
    assert here["extent"] == pytest.approx(np.linalg.norm(offsets[-1]), rel=0.01)
    evaluate = work.objective.evaluate
    assert here["cost"] == pytest.approx(evaluate(theta.astype(np.float32), "train", part.rows).cost, rel=0.01)
    lifted = (plane.centre + inside[-1] @ basis).astype(np.float32)
    assert here["under"] == pytest.approx(evaluate(lifted, "train", part.rows).cost, rel=0.01)
    assert page.locator("#captured").inner_text() == f"{100 * captured:.1f} %"
    ball = page.evaluate("() => document.getElementById('space').data[6].z[0]")
    assert ball == pytest.approx(np.log10(here["cost"]), abs=1e-6)


def test_scrubbing_shows_an_earlier_step_while_training_goes_on(page: Any) -> None:
    page.click("#run")
    newest = wait_past(page, 40)
    page.evaluate(
        "() => { const slider = document.getElementById('scrub'); slider.value = '3';"
        " slider.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    page.wait_for_function("() => document.getElementById('step-count').textContent === '3'")
    wait_past(page, newest)
    assert page.evaluate("() => window.landscape.player().head") == 3
    page.click("#newest")
    page.wait_for_function("() => window.landscape.player().head > 3")


def test_keys_run_step_and_reset(page: Any) -> None:
    page.keyboard.press("s")
    page.wait_for_function(f"() => ({NEWEST})() === 1", timeout=PATIENCE)
    page.keyboard.press("Space")
    wait_past(page, 5)
    page.keyboard.press("Space")
    wait_idle(page)
    page.keyboard.press("r")
    page.wait_for_function(f"() => ({NEWEST})() === 0")


def test_ten_clicks_leave_one_run(page: Any, dashboard: Dashboard) -> None:
    for _ in range(10):
        page.click("#run")
    (session,) = dashboard.sessions
    page.wait_for_function("() => window.landscape.player().live && !window.landscape.player().state.running")
    assert len(session._threads) == 2


def test_projection_changes_path_and_surface_together(page: Any) -> None:
    page.click("#run")
    wait_past(page, 40)
    page.click("#run")
    wait_idle(page)
    page.click(".projection")
    page.click("text=Start–end")
    page.wait_for_function("() => window.landscape.player().surface.labels[0] === 'start to end'")
    labels, a = page.evaluate(
        "() => { const p = window.landscape.player(); return [p.surface.labels, p.points.a[0]]; }"
    )
    assert labels == ["start to end", "PC of the rest"]
    assert a == pytest.approx(-1, abs=0.5)


def test_two_browsers_have_runs_of_their_own(dashboard: Dashboard, new_page: Callable[..., Any]) -> None:
    one, two = (new_page(dashboard.url) for _ in range(2))
    for page in (one, two):
        page.wait_for_function(READY)
    one.click("#run")
    wait_past(one, 10)
    assert not two.evaluate("() => window.landscape.player().live")
    assert len(dashboard.sessions) == 2


def test_nothing_scrolls_at_1280_by_720_nor_sideways_on_a_phone(
    dashboard: Dashboard, new_page: Callable[..., Any]
) -> None:
    page = new_page(dashboard.url)
    page.wait_for_function(READY)
    assert page.evaluate(
        "() => document.documentElement.scrollHeight <= 720 && document.documentElement.scrollWidth <= 1280"
    )
    phone = new_page(dashboard.url, width=390, height=844)
    phone.wait_for_function(READY)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_without_webgl_the_contour_shows_the_run(dashboard: Dashboard, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return /webgl/.test(kind) ? null : get.call(this, kind, ...more); };"
    )
    page.goto(dashboard.url)
    page.wait_for_function("() => window.landscape?.player?.()?.contour.ready", timeout=PATIENCE)
    assert page.locator(".no-webgl-note").is_visible()
    page.click("#run")
    page.wait_for_function(f"() => ({NEWEST})() > 5", timeout=PATIENCE)
    context.close()
