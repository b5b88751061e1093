"""A real Chromium and a real server for each test; every test also checks what check 2 asks for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# the folder of tests is no package
sys.path.insert(0, str(Path(__file__).parent))

from driving import PATIENCE, READY, Dashboard


@pytest.fixture
def serve() -> Iterator[Callable[..., Dashboard]]:
    started: list[Dashboard] = []

    def start(**given: Any) -> Dashboard:
        started.append(Dashboard(**given))
        return started[-1]

    yield start
    for dashboard in started:
        dashboard.close()


@pytest.fixture
def dashboard(serve: Callable[..., Dashboard]) -> Dashboard:
    return serve()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    contexts, complaints = [], []

    def open_page(url: str, *, width: int = 1280, height: int = 720, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        own = url.split("/?")[0].rstrip("/") + "/"
        page.on("request", lambda request: _note_foreign(request.url, own, complaints))
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note_foreign(url: str, own: str, complaints: list[str]) -> None:
    if not url.startswith((own, "data:", "blob:")):
        complaints.append(f"request to {url}")


@pytest.fixture
def page(dashboard: Dashboard, new_page: Callable[..., Any]) -> Any:
    page = new_page(dashboard.url)
    page.wait_for_function(READY)
    return page
