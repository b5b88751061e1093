"""Whose session is it? One for each browser, known by a random id in a signed cookie, and only so many."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

from flask import session as cookie

from landscape.dashboard.plugin_files import Change, PluginFiles
from landscape.dashboard.replay import first_view
from landscape.dashboard.session import Session
from landscape.experiment import Experiment
from landscape.runs import Run

MOST = 8
"""Sessions kept at once; the one that was idle for longest makes room."""

_COOKIE = "visitor"


class Visitors:
    """The sessions of one server.

    Parameters
    ----------
    run : a finished run that every new session shows first.
    experiment : what every new session is set to, when no run is given.
    files : the plugin files that may be loaded again, while sessions are under way.
    """

    def __init__(
        self, run: Run | None = None, experiment: Experiment | None = None, files: PluginFiles | None = None
    ) -> None:
        self._run = run
        self._experiment = experiment
        self._view = first_view(run)
        self._files = files
        if files is not None:
            files.on_change(self.renew)
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def current(self) -> Session:
        """Return the session of the request that is being answered; a new visitor gets a new one."""
        visitor = cookie.get(_COOKIE)
        if not isinstance(visitor, str):
            visitor = cookie[_COOKIE] = secrets.token_urlsafe(16)
        with self._lock:
            found = self._sessions.get(visitor)
            if found is None:
                found = self._sessions[visitor] = self.new()
            self._sessions.move_to_end(visitor)
            gone = [self._sessions.popitem(last=False)[1] for _ in range(len(self._sessions) - MOST)]
        for old in gone:
            old.close()
        return found

    def new(self) -> Session:
        """Return a session for a new visitor, with the plugins as they are now."""
        session = Session(self._experiment, self._run, self._view)
        if self._files is not None:
            session.renew(self._files.since(0))
        return session

    def renew(self, change: Change) -> None:
        """Have all sessions take the classes that came in place of others."""
        with self._lock:
            present = list(self._sessions.values())
        for session in present:
            session.renew(change.replacements)

    def close(self) -> None:
        """End all sessions."""
        with self._lock:
            gone = list(self._sessions.values())
            self._sessions.clear()
        for old in gone:
            old.close()
