"""How does a plugin begin? As a complete distribution that works, passes the kit and can be installed."""

from landscape.scaffold.create import create
from landscape.scaffold.names import class_name, distribution_name, module_name, why_unusable

__all__ = ["class_name", "create", "distribution_name", "module_name", "why_unusable"]
