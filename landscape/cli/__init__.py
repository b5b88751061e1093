"""How is all this used from a terminal? The command `landscape`."""

from landscape.cli.app import app, main

__all__ = ["app", "main"]
