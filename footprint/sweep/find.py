"""Finding sweeps that were made: by file, by folder, or by the name of a folder in ``reports/``."""

from __future__ import annotations

from pathlib import Path

from footprint.record.find import REPORTS
from footprint.recording.sweep import Sweep, is_sweep, read_sweep


def find_sweep(word: str) -> Sweep | None:
    """The sweep that `word` names; None where it names something else. Raises InputFileError for a damaged one."""
    for path in (Path(word), REPORTS / word):
        if word and is_sweep(path):
            return read_sweep(path)
    return None
