"""Keeping a run. This is a part of every run, so it imports little."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from footprint.history.checkout import CommitAndBranch, checkout_of
from footprint.history.database import writing
from footprint.recording.model import Recording

VARIABLE = "FOOTPRINT_HISTORY"
"""The environment variable that names the history's file."""
DEFAULT = Path("reports") / "history.db"
"""Where it is otherwise, in the current folder."""


def history_file() -> Path:
    """Where the history is: what FOOTPRINT_HISTORY names, or ``reports/history.db`` in the current folder."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def keep(recording: Recording, path: Path, checkout: CommitAndBranch | None = None) -> None:
    """Keep `recording` in the history at `path`, whole or not at all; when this returns it is there.

    `checkout` is by default that of the current folder. Raises RequestError, with the reason, where it cannot be kept.
    """
    at = checkout or checkout_of(Path.cwd())
    recorded = str(recording.environment.get("recorded") or datetime.now(UTC).isoformat(timespec="seconds"))
    row = (
        recorded, recording.scenario, _json(recording.params), recording.backend, at.commit, at.branch,
        platform.node(), _json(recording.environment),
    )  # fmt: skip
    samples = list(_samples(recording))
    with writing(path) as history:
        run = history.execute(f"INSERT INTO run VALUES (NULL{', ?' * len(row)})", row).lastrowid
        history.executemany("INSERT INTO sample VALUES (NULL, ?, ?, ?, ?, ?, ?)", [(run, *each) for each in samples])


def _samples(recording: Recording) -> Iterator[tuple[str, str, int, bool, str]]:
    for run in recording.runs:
        judged = run.sample()
        for sample in run.samples:
            yield run.rules, sample.mark, sample.cycle, sample is judged, _json(sample.metrics)


def _json(document: object) -> str:
    return msgspec.json.encode(document, order="sorted").decode()
