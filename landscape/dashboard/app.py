"""How is the page served? On this machine only, offline, to any number of browsers."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser

import dash_mantine_components as dmc
import waitress
from dash import Dash, fingerprint
from flask import Flask, has_request_context
from plotly.offline import get_plotlyjs_version

from landscape.dashboard.about import keep_code
from landscape.dashboard.callbacks import register
from landscape.dashboard.layout import page
from landscape.dashboard.plugin_callbacks import register_plugins
from landscape.dashboard.plugin_files import PluginFiles
from landscape.dashboard.recorded import load
from landscape.dashboard.visitors import Visitors
from landscape.errors import LandscapeError
from landscape.experiment import Experiment
from landscape.runs import Run

HOST = "127.0.0.1"
_HOSTS = ["localhost", "127.0.0.1"]
_THREADS = 16  # a request for news may wait a quarter of a second
_LARGEST_REQUEST = 1 << 20

_INDEX = """<!DOCTYPE html>
<html lang="en" data-mantine-color-scheme="dark">
  <head>
    {%metas%}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{%title%}</title>
    <link rel="icon" href="ICON">
    <script>THEME</script>
    {%css%}
    <script src="PLOTLY" defer></script>
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""


_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cdefs%3E"
    "%3ClinearGradient id='g' x2='.4' y2='1'%3E%3Cstop stop-color='%23fde725'/%3E%3Cstop offset='.4' "
    "stop-color='%2335b779'/%3E%3Cstop offset='.7' stop-color='%2331688e'/%3E%3Cstop offset='1' "
    "stop-color='%23440154'/%3E%3C/linearGradient%3E%3C/defs%3E%3Crect width='32' height='32' rx='9' "
    "fill='url(%23g)'/%3E%3Ccircle cx='20' cy='18' r='5' fill='%23ff6b3d' "
    "stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"
)
# before anything is drawn, so that a light page never flashes dark
_THEME = (
    "document.documentElement.setAttribute('data-mantine-color-scheme', localStorage.getItem('landscape-theme') || "
    "(matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'))"
)


def create_app(
    run: Run | None = None, experiment: Experiment | None = None, plugins: PluginFiles | None = None
) -> Dash:
    """Return the dashboard as a Dash application whose ``server`` is a WSGI application.

    Parameters
    ----------
    run : a finished run to show first; of one whose plugins are missing here, what does not need them.
    experiment : what the controls say at first, when no run is given.
    plugins : plugin files; the page follows them while ``plugins.start`` is in effect.
    """
    keep_code()
    server = Flask("landscape.dashboard")
    server.secret_key = secrets.token_bytes(32)
    server.config.update(
        TRUSTED_HOSTS=list(_HOSTS),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="landscape",
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
    )
    app = Dash(
        "landscape.dashboard",
        server=server,  # type: ignore[arg-type]
        title="landscape",
        update_title="",
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,  # else every page carries the layout twice
    )
    visitors = Visitors(run, experiment, plugins)
    recorded = load()
    server.config["LANDSCAPE_VISITORS"] = visitors
    app.index_string = _index(app)

    def layout() -> dmc.MantineProvider:
        # Dash also asks outside of any request, to learn the ids: nobody's session is what it sees then
        session = visitors.current() if has_request_context() else visitors.new()
        return page(session, recorded, plugins)

    app.layout = layout
    register(app, visitors)
    register_plugins(app, visitors, plugins)
    return app


def _index(app: Dash) -> str:
    """Return the page around the application."""
    return _INDEX.replace("PLOTLY", _plotly_url(app)).replace("ICON", _ICON).replace("THEME", _THEME)


def _plotly_url(app: Dash) -> str:
    """Return the address of the Plotly script that comes with the plotly package."""
    path = fingerprint.build_fingerprint("package_data/plotly.min.js", get_plotlyjs_version(), 0)  # type: ignore[no-untyped-call]
    return f"{app.config.requests_pathname_prefix}_dash-component-suites/plotly/{path}"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Server:
    """A dashboard that is being served.

    Parameters
    ----------
    run, experiment, plugins : see `create_app`.
    port : where to listen; None for any free port.

    Attributes
    ----------
    url : its address.

    Raises
    ------
    LandscapeError
        When the port is taken.
    """

    def __init__(
        self,
        run: Run | None = None,
        experiment: Experiment | None = None,
        port: int | None = None,
        plugins: PluginFiles | None = None,
    ) -> None:
        self.app = create_app(run, experiment, plugins)
        self._plugins, self._serving = plugins, False
        chosen = free_port() if port is None else port
        try:
            self._server = waitress.create_server(
                self.app.server, host=HOST, port=chosen, threads=_THREADS, ident="landscape"
            )
        except OSError as error:
            raise LandscapeError(f"cannot listen on port {chosen}: {error.strerror}; choose another port") from error
        self.url = f"http://{HOST}:{chosen}/"

    def run(self) -> None:
        """Serve until `close` is called or Ctrl-C is pressed."""
        if self._plugins is not None:
            self._plugins.start()
        self._serving = True
        try:
            self._server.run()
        finally:
            if self._plugins is not None:
                self._plugins.stop()
            self.app.server.config["LANDSCAPE_VISITORS"].close()

    def close(self) -> None:
        """Stop serving; it is the serving thread that closes its sockets, as it may be waiting on them."""
        if self._serving:
            self._server.trigger.pull_trigger(self._server.close)
        else:
            self._server.close()


def explore(
    run: Run | None = None,
    *,
    experiment: Experiment | None = None,
    port: int | None = None,
    open_browser: bool = True,
    plugins: PluginFiles | None = None,
) -> None:
    """Serve the dashboard, open it in the browser, and return when Ctrl-C is pressed.

    Parameters
    ----------
    run : a finished run to show; without one, a recorded run of the classic network plays first.
    experiment : what the controls say at first, when no run is given.
    port : where to listen on 127.0.0.1; any free port by default.
    plugins : plugin files that the page follows: saving one updates it, as in
        ``explore(plugins=PluginFiles(["my_cost.py"]))``.
    """
    server = Server(run, experiment, port, plugins)
    print(f"landscape is at {server.url} (Ctrl-C ends it)", flush=True)  # noqa: T201  (the address is the result)
    if open_browser:
        threading.Timer(0.3, webbrowser.open, [server.url]).start()
    server.run()
