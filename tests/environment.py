"""A fresh environment to install into: where does a plugin's distribution meet the package as its users have it?"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import landscape

# No network, and no build environment of its own: what builds a distribution is in the one that the tests run in.
PIP = ["install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]

_FOREIGN = {"PYTHONPATH", "PYTHONHOME", "LANDSCAPE_PLUGINS", "LANDSCAPE_STRICT"}


class Environment:
    """A virtual environment that sees the packages of the one the tests run in, and no network."""

    def __init__(self, folder):
        venv.create(folder, with_pip=False)
        paths = {"base": str(folder), "platbase": str(folder)}
        site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        # The package itself first: it may be used from its source folder.
        seen = [Path(landscape.__file__).parents[1], *map(sysconfig.get_path, ("purelib", "platlib"))]
        (site / "seen.pth").write_text("\n".join(map(str, seen)))
        self._python = Path(sysconfig.get_path("scripts", "venv", vars=paths)) / Path(sys.executable).name
        self.folder = folder

    def start(self, *arguments):
        """Start Python in the environment; nobody is there to answer what it might ask."""
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        return subprocess.Popen(
            [self._python, *map(str, arguments)],
            env=kept | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def attempt(self, *arguments):
        """Run Python in the environment and return its status, what it prints and what it complains of."""
        process = self.start(*arguments)
        printed, complained = process.communicate()
        return process.returncode, printed, complained

    def run(self, *arguments):
        """Run Python in the environment and return what it prints; it must succeed."""
        status, printed, complained = self.attempt(*arguments)
        assert status == 0, printed + complained
        return printed

    def pip(self, *arguments):
        return self.run("-m", "pip", *arguments)

    def landscape(self, *arguments):
        return self.run("-m", "landscape", *arguments)

    def refused(self, *arguments):
        """Return what ``landscape`` says on standard error where it must end with the status of bad input."""
        status, printed, complained = self.attempt("-m", "landscape", *arguments)
        assert status == 2, printed + complained
        return complained

    def plugins(self):
        """Return the rows of ``landscape plugins`` that are not built in, split at blanks."""
        rows = [line.split(maxsplit=4) for line in self.landscape("plugins").splitlines()[1:]]
        return [row for row in rows if row[2] != "landscape-explorer"]
