"""What does a plugin module provide, and what is wrong with it?"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pluggy
from pydantic import ValidationError

from landscape import hookspecs
from landscape._guard import one_line, quoted, reason
from landscape._keywords import strays
from landscape.errors import PluginError, suggest
from landscape.hookspecs import PROJECT
from landscape.kinds import KINDS, KindName, Plugin

HOOKS: dict[str, KindName] = {f"register_{kind}s": kind for kind in KINDS}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def hooks_of(module: object) -> dict[str, str]:
    """Return the module's functions that are marked as hooks, and which hook each is; PluginError where none is."""
    manager = pluggy.PluginManager(PROJECT)
    options = {name: manager.parse_hookimpl_opts(module, name) for name in dir(module)}
    marked = {name: said.get("specname") or name for name, said in options.items() if said is not None}
    if not marked:
        raise PluginError(f"it implements no hook: {_what_to_write(module)}")
    return marked


def classes_of(module: object, function: str, hook: str) -> list[tuple[KindName, Any]]:
    """Return what a `function` that is a hook returns, each with its kind; PluginError when it is not as specified."""
    if hook not in HOOKS:
        raise PluginError(f"{hook!r} is not a hook.{suggest(hook, HOOKS)} Hooks: {', '.join(HOOKS)}")
    return [(HOOKS[hook], cls) for cls in _returned(_checked(module, function))]


def _checked(module: object, name: str) -> Callable[[], Any]:
    """Return the function that implements a hook; PluginError when its signature is another."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    alone = ModuleType(name)  # so that another hook's mistake does not count here
    setattr(alone, name, getattr(module, name))
    try:
        manager.register(alone)
    except pluggy.PluginValidationError as error:
        definition = one_line(error).partition("hookimpl definition: ")[2].partition(" Argument(s)")[0]
        wrong = f"{definition!r} is not a hook's signature" if definition else one_line(error)
        raise PluginError(f"{wrong}: hooks take no arguments") from error
    (caller,) = manager.get_hookcallers(alone) or []
    return caller.get_hookimpls()[0].function


def _what_to_write(module: object) -> str:
    """Return what would make `module` a plugin, as concretely as its contents tell."""
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    for name, value in names.items():
        near = name if name in HOOKS else suggest(name, HOOKS).partition("'")[2].rstrip("'?")
        if inspect.isfunction(value) and name.startswith("regist") and near:
            called = "" if near == name else f" and call it {near}"
            return f"mark {name} with `@landscape.hookimpl`{called}"
    own = [value for value in names.values() if inspect.isclass(value) and value.__module__ == _name_of(module)]
    for cls in own:
        kind = _kind_of(cls)
        if kind is not None:
            return f"return [{cls.__name__}] from a function register_{kind}s marked with `@landscape.hookimpl`"
    return f"mark one of {', '.join(HOOKS)} with `@landscape.hookimpl`"


def _name_of(module: object) -> str:
    return module.__name__ if isinstance(module, ModuleType) else ""


def _kind_of(cls: type) -> KindName | None:
    """Return the kind whose base `cls` is derived from, or None."""
    return next((kind for kind, base in KINDS.items() if issubclass(cls, base)), None)


def _returned(register: Callable[[], Any]) -> list[Any]:
    """Return what a hook returns; PluginError when that is no list."""
    name = getattr(register, "__name__", "the hook")
    if inspect.iscoroutinefunction(register) or inspect.isasyncgenfunction(register):
        raise PluginError(f"{name} is asynchronous: write it with def, not async def")
    if inspect.isgeneratorfunction(register):
        raise PluginError(f"{name} is a generator, as it contains yield: return a list of classes")
    classes = register()
    if not isinstance(classes, list | tuple):
        listed = f"return [{classes.__name__}]" if inspect.isclass(classes) else "return a list of classes"
        raise PluginError(f"{name} returned {quoted(classes)}: {listed}")
    return list(classes)


def why_invalid(kind: KindName, cls: Any) -> str:
    """Return why `cls` cannot be a plugin of `kind`, or ``""``."""
    return (
        _why_other(kind, cls) or _why_unnamed(cls) or _why_incomplete(cls) or _why_misspelt(cls) or _why_not_made(cls)
    )


def _why_other(kind: KindName, cls: Any) -> str:
    """Return why `cls` is not a class of this kind, or ``""``."""
    base = KINDS[kind]
    if not inspect.isclass(cls):
        made = isinstance(cls, Plugin)
        remedy = f": return the class, {type(cls).__name__}" if made else ""
        return f"{quoted(cls)} is not a class derived from landscape.{base.__name__}{remedy}"
    if not issubclass(cls, base):
        other = _kind_of(cls)
        remedy = f"derive {cls.__name__} from it" if other is None else f"return it from register_{other}s"
        was = "" if other is None else f", but from landscape.{KINDS[other].__name__}"
        return f"{quoted(cls)} is not a class derived from landscape.{base.__name__}{was}: {remedy}"
    if cls.kind != kind:
        return f"{cls.__name__}.kind = {quoted(cls.kind)}, but it is a {kind}: leave the kind to its base"
    if inspect.isabstract(cls):
        lacking = sorted(cls.__abstractmethods__)
        near = [f"{own!r} looks like {name!r}" for name in lacking for own in vars(cls) if _looks_like(own, name)]
        return f"{cls.__name__} lacks {', '.join(lacking)}" + (f"; {', '.join(near)}" if near else "")
    return ""


def _looks_like(own: str, name: str) -> bool:
    return not own.startswith("_") and bool(suggest(own, [name]))


def _why_unnamed(cls: type[Plugin]) -> str:
    """Return why a class has no valid name, or ``""``."""
    if "name" in cls.model_fields:
        return f'{cls.__name__}.name is a field: write it without a type, name = "…", or as a ClassVar'
    name = getattr(cls, "name", None)
    if type(name) is str and _NAME.fullmatch(name):
        return _why_untold(cls)
    if name is None:
        return f'{cls.__name__} has no name: write one into the class, as name = "{cls.__name__.lower()}"'
    return (
        f"{cls.__name__}.name = {quoted(name)}: a name is a lower-case letter followed by lower-case letters, "
        "digits and underscores"
    )


def _why_untold(cls: type[Plugin]) -> str:
    """Return what is wrong with the texts that users are shown, or ``""``."""
    for attribute, value in (("source", cls.source), ("__doc__", cls.__doc__ or "")):
        if not isinstance(value, str):
            return f"{cls.__name__}.{attribute} = {quoted(value)}: write a text"
    return ""


def _why_incomplete(cls: type[Plugin]) -> str:
    """Return which fields cannot be left out, or ``""``."""
    required = [field for field, info in cls.model_fields.items() if info.is_required()]
    return f"{cls.__name__} has no default for {', '.join(required)}: every field needs one" if required else ""


def _why_misspelt(cls: type[Plugin]) -> str:
    """Return which keyword of a field is misspelt, so that its rule would not hold, or ``""``."""
    return next((stray.says for stray in strays(cls) if stray.misspelt), "")


def _why_not_made(cls: type[Plugin]) -> str:
    """Return why the class's defaults, or its fields, cannot be used as an experiment and its controls do."""
    try:
        cls().model_dump(mode="json")
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        return f"{cls.__name__}() rejects its own defaults: {where + ': ' if where else ''}{one_line(problem['msg'])}"
    except Exception as error:  # validators and defaults are foreign code
        return f"{cls.__name__}() fails: {reason(error)}"
    try:
        cls.model_json_schema()
    except Exception as error:  # so is a field's own schema
        return f"{cls.__name__} has a field that JSON cannot say: {reason(error)}"
    return ""
