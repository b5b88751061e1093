"""How do checks that run after each other share what took long to get?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_MOST = 2**30  # bytes that are kept at a time, but for the latest: a large data set may fill much of the memory


class _Kept:
    """What was made and what was begun, each by its key."""

    def __init__(self, ending: ExitStack) -> None:
        self.made: dict[Hashable, tuple[Any, int]] = {}
        self.begun: dict[Hashable, Any] = {}
        self.ending = ending

    def make_room(self) -> None:
        """Forget what was not asked for the longest, until the rest is no more than may be kept."""
        sizes = {key: size for key, (_, size) in list(self.made.items())[:-1] if size}
        while sizes and sum(size for _, size in self.made.values()) > _MOST:
            oldest = next(iter(sizes))
            del sizes[oldest], self.made[oldest]


_kept: ContextVar[_Kept | None] = ContextVar("landscape_testing_kept", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Let what is made inside by `shared` and `begun` be made once, and forgotten and ended afterwards."""
    if _kept.get() is not None:
        yield
        return
    with ExitStack() as ending:
        token = _kept.set(_Kept(ending))
        try:
            yield
        finally:
            _kept.reset(token)


def shared(key: Hashable, make: Callable[[], T], size: Callable[[T], int] = lambda _: 0) -> T:
    """Return what `make` returned for this key before, inside the same `sharing`, or else now.

    `size` says how many bytes it takes.
    """
    kept = _kept.get()
    if kept is None:
        return make()
    if key in kept.made:
        kept.made[key] = kept.made.pop(key)  # it is now the latest
    else:
        made = make()
        kept.made[key] = made, size(made)
        kept.make_room()
    found: T = kept.made[key][0]
    return found


def begun(key: Hashable, begin: Callable[[], AbstractContextManager[T]]) -> T:
    """Return what was entered for this key before, inside the same `sharing`, or else now; it is left at its end."""
    kept = _kept.get()
    if kept is None:
        raise RuntimeError("nothing can be begun outside of sharing(), which ends it")
    if key not in kept.begun:
        kept.begun[key] = kept.ending.enter_context(begin())
    found: T = kept.begun[key]
    return found
