"""Where do the contenders live? In a virtual environment of their own, made once and kept in a cache folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def cache_folder() -> Path:
    """Return the folder for the environment and for compiled code."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "landscape-benchmarks"


def _fingerprint() -> str:
    """Return what the environment depends on, in short."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for file in (HERE / "requirements.txt", ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def python(cache: Path) -> Path:
    """Return the interpreter of the environment under `cache`, made or brought up to date where needed.

    Landscape is installed as editable: later changes to its code need no new environment.
    """
    home = cache / f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text() != _fingerprint():
        venv.create(home, with_pip=True, clear=not stamp.exists())
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        subprocess.run([*pip, "-e", ROOT], check=True)
        stamp.write_text(_fingerprint())
    return interpreter
