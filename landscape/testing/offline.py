"""How is the network put out of reach for a while?"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_network(tried: list[str]) -> Iterator[None]:
    """Refuse every connection and look-up inside, and note in `tried` what was to be reached."""
    methods = [(socket.socket, name) for name in ("connect", "connect_ex", "sendto")]
    functions = [(socket, name) for name in ("getaddrinfo", "gethostbyname", "create_connection")]
    kept: list[tuple[Any, str, Any]] = [(owner, name, vars(owner).get(name)) for owner, name in [*methods, *functions]]
    try:
        for owner, name, _ in kept:
            setattr(owner, name, _refusing(getattr(owner, name), tried))
        yield
    finally:
        for owner, name, original in kept:
            if original is None:  # it was inherited
                delattr(owner, name)
            else:
                setattr(owner, name, original)


def _refusing(original: Callable[..., Any], tried: list[str]) -> Callable[..., Any]:
    """Return what refuses to do as `original` does, but within this machine, between processes."""

    def refused(*arguments: Any, **named: Any) -> Any:
        if arguments and getattr(arguments[0], "family", None) == getattr(socket, "AF_UNIX", "none"):
            return original(*arguments, **named)
        where = next((given for given in arguments if isinstance(given, tuple | str)), "another machine")
        tried.append(":".join(map(str, where[:2])) if isinstance(where, tuple) else where)
        raise OSError("the network is out of reach while a data set is checked")

    return refused
