"""What does the browser show? A network that learns, live, and its path down the cost surface."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landscape.dashboard.app import Server as Server
    from landscape.dashboard.app import create_app as create_app
    from landscape.dashboard.app import explore as explore
    from landscape.dashboard.plugin_files import PluginFiles as PluginFiles

__all__ = ["PluginFiles", "Server", "create_app", "explore"]


def __getattr__(name: str) -> Any:
    """Load a public name, and Dash with it, on first use."""
    if name not in __all__:
        raise AttributeError(f"module 'landscape.dashboard' has no attribute {name!r}")
    home = "plugin_files" if name == "PluginFiles" else "app"
    return getattr(import_module(f"landscape.dashboard.{home}"), name)
