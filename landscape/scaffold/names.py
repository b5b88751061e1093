"""What may a new plugin be called, and what are its class, module and distribution called for that?"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

import landscape
from landscape import builtin
from landscape.kinds import KindName

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_LONGEST = 30
# What the modules that are written import, or pytest would take for a class of tests.
_TAKEN = {"Any", "Array", "Field", "IntArray", "Training", *landscape.__all__, *dir(builtins), *keyword.kwlist}


def module_name(name: str) -> str:
    """Return the module of the plugin `name`.

    >>> module_name("log_cauchy")
    'landscape_log_cauchy'
    """
    return f"landscape_{name}"


def distribution_name(name: str) -> str:
    """Return the distribution, and the folder, of the plugin `name`.

    >>> distribution_name("log_cauchy")
    'landscape-log-cauchy'
    """
    return f"landscape-{name.replace('_', '-')}"


def class_name(name: str) -> str:
    """Return the class of the plugin `name`, none that its modules import or that Python has.

    >>> class_name("log_cauchy"), class_name("l2_norm"), class_name("field")
    ('LogCauchy', 'L2Norm', 'MyField')
    """
    made = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    return f"My{made}" if made in _TAKEN or made.startswith("Test") else made


def why_unusable(kind: KindName, name: str) -> str:
    """Return why a new plugin of a kind cannot be called `name`, with a remedy, or ``""``."""
    if not _NAME.fullmatch(name):
        return (
            f"{name!r} cannot be the name of a plugin: a name is lower-case letters and digits, begins with a letter, "
            f"and has single underscores between words.{_usable(kind, name)}"
        )
    if len(name) > _LONGEST:
        return f"{name!r} has {len(name)} characters: a name that people type has {_LONGEST} at most"
    if keyword.iskeyword(name):
        return f"{name!r} is a word of Python's own, with which no program can name it: try 'my_{name}'"
    if name in _builtins(kind):
        return f"{kind} {name!r} comes with landscape, and would be meant instead of yours: try 'my_{name}'"
    if distribution_name(name) == "landscape-explorer":
        return f"a plugin {name!r} would be the distribution landscape-explorer, which is landscape: try 'my_{name}'"
    return ""


def _builtins(kind: KindName) -> list[str]:
    return [cls.name for cls in getattr(builtin, f"register_{kind}s")()]


def _usable(kind: KindName, name: str) -> str:
    """Return ``" Try 'x'"``, where x is what can be used of `name`, or ``""``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))  # ü becomes u
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).casefold())
    tried = "_".join(words).lstrip("0123456789_")
    return f" Try {tried!r}" if tried and not why_unusable(kind, tried) else ""
