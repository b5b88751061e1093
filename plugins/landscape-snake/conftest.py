"""Lets the tests import the plugin's module where the distribution is not installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
