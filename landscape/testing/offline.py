"""How is the network put out of reach for a while?"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PROGRAMS = {"curl", "wget", "aria2c", "ftp", "sftp", "scp", "ssh", "rsync", "aws", "gsutil", "kaggle"}
_COMMANDS = {"git clone", "git fetch", "git pull", "git lfs", "pip install", "pip download"}
_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "create_connection")
_ADDRESS = re.compile(r"\b(https?|ftps?|s3|gs|ssh|git)://\S+")


@contextmanager
def no_network(tried: list[str]) -> Iterator[None]:
    """Refuse every connection and look-up inside, also by other programs, and note in `tried` what was to be reached.

    Of other programs, those are refused that are known for it, and those that are given an address.
    """
    methods = [(socket.socket, name) for name in ("connect", "connect_ex", "sendto")]
    functions = [(socket, name) for name in _LOOKUPS]
    programs = [(subprocess.Popen, "__init__"), (os, "system")]
    refusals = [(refused, _refusing) for refused in [*methods, *functions]] + [(one, _asking) for one in programs]
    kept: list[tuple[Any, str, Any]] = [(owner, name, vars(owner).get(name)) for (owner, name), _ in refusals]
    try:
        for (owner, name), refuse in refusals:
            setattr(owner, name, refuse(getattr(owner, name), tried))
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
        raise _out_of_reach(":".join(map(str, where[:2])) if isinstance(where, tuple) else where, tried)

    return refused


def _asking(original: Callable[..., Any], tried: list[str]) -> Callable[..., Any]:
    """Return what starts a program as `original` does, but none that would reach out."""

    def asked(*arguments: Any, **named: Any) -> Any:
        command = next((given for given in arguments if isinstance(given, str | list | tuple)), named.get("args", ""))
        words = _words(command)
        address = _ADDRESS.search(" ".join(words))
        if address is not None or _reaches_out(words):
            raise _out_of_reach(address.group() if address else f"another machine by {words[0]!r}", tried)
        return original(*arguments, **named)

    return asked


def _reaches_out(words: list[str]) -> bool:
    """Whether a command is known for using a network."""
    return bool(words) and (Path(words[0]).name in _PROGRAMS or " ".join(words[:2]) in _COMMANDS)


def _words(command: Any) -> list[str]:
    """Return the words of a command, which may be one text."""
    if not isinstance(command, str):
        return list(map(str, command))
    try:
        return shlex.split(command)
    except ValueError:  # a quotation that does not end
        return command.split()


def _out_of_reach(where: str, tried: list[str]) -> OSError:
    tried.append(where)
    return OSError("the network is out of reach while a data set is checked")
