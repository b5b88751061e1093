"""How is all that kept on disk? One Zarr group for each run: experiment, provenance, path, history, surfaces."""

from landscape.runs.costless import Costless
from landscape.runs.records import Ending, EpochRow, History, Provenance, fingerprint, provenance
from landscape.runs.run import Run
from landscape.runs.surfaces import SurfaceProgress, SurfaceWriter
from landscape.runs.writer import RunWriter, Saved

__all__ = [
    "Costless",
    "Ending",
    "EpochRow",
    "History",
    "Provenance",
    "Run",
    "RunWriter",
    "Saved",
    "SurfaceProgress",
    "SurfaceWriter",
    "fingerprint",
    "provenance",
]
