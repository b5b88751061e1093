"""Do a plugin's methods take the arguments that they are given?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from landscape.testing.core import fail

_NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def demand_arguments(thing: object, base: type) -> None:
    """Fail unless the public methods of `thing` can be called as those of its class `base` are: by position."""
    methods = [name for name, value in vars(base).items() if inspect.isfunction(value) and not name.startswith("_")]
    problems = [said for name in methods for said in _problems(thing, base, name)]
    if problems:
        fail(*problems)


def _problems(thing: object, base: type, name: str) -> Iterator[str]:
    """Yield what is wrong with the arguments of one method."""
    method = getattr(thing, name, None)
    signature = _signature(method)
    if signature is None:
        return
    given = [*inspect.signature(getattr(base, name)).parameters.values()][1:]
    least = [one for one in given if one.default is one.empty]
    names, order = [one.name for one in given], [one.name for one in signature.parameters.values()]
    what = f"{_place(method)}{type(thing).__name__}.{name}"
    write = f"write def {name}({', '.join(['self', *map(_written, given)])})."
    if not all(_takes(signature, len(count)) for count in (least, given)):
        yield f"{what} takes ({', '.join(order)}) but is given ({', '.join(names)}): {write}"
    elif _misplaced(signature, names):
        yield f"{what} takes ({', '.join(order)}) but is given ({', '.join(names)}), in this order: {write}"


def _signature(method: Any) -> inspect.Signature | None:
    """Return how a method is really called, whatever it wraps; None where that is not known."""
    try:
        return inspect.signature(method, follow_wrapped=False)
    except (TypeError, ValueError):  # it is no function, or one of C
        return None


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _misplaced(signature: inspect.Signature, names: list[str]) -> bool:
    """Return whether a parameter has the name of what is given in another place.

    Single letters do not count: some authors write z for what others call a.
    """
    own = [one.name.strip("_") for one in signature.parameters.values() if one.kind in _NAMED]
    return any(len(name) > 1 and name in names and names.index(name) != k for k, name in enumerate(own))


def _written(parameter: inspect.Parameter) -> str:
    """Return a parameter as it is written without its annotation."""
    return parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"


def _place(method: Any) -> str:
    """Return ``"file.py, line 3: "`` of a method's definition, ``""`` where that is not known."""
    code = getattr(method, "__code__", None)
    return f"{Path(code.co_filename).name}, line {code.co_firstlineno}: " if code is not None else ""
