"""How do checks that run after each other share what took long to get?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_MOST = 3  # what is kept at a time: a large data set may fill much of the memory
_kept: ContextVar[dict[Hashable, Any] | None] = ContextVar("landscape_testing_kept", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Let what is made inside by `shared` be made once, and forgotten afterwards."""
    token = _kept.set({}) if _kept.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _kept.reset(token)


def shared(key: Hashable, make: Callable[[], T]) -> T:
    """Return what `make` returned for this key before, inside the same `sharing`, or else now."""
    kept = _kept.get()
    if kept is None:
        return make()
    if key not in kept:
        made = make()
        while len(kept) >= _MOST:
            kept.pop(next(iter(kept)))
        kept[key] = made
    found: T = kept[key]
    return found
