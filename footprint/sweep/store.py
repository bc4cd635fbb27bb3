"""A sweep's folder: each point in a file of its own, written whole as soon as it is done."""

from __future__ import annotations

from pathlib import Path

import msgspec

from footprint import __version__
from footprint.errors import InputFileError, RequestError, reason_of
from footprint.recording.files import encode, write_text
from footprint.recording.sweep import SWEEP_FILE, Point, Sweep

PLAN_FILE = "plan.json"
POINTS = "points"


class FolderPlan(msgspec.Struct, frozen=True):
    """What the folder's points were made by."""

    schema: str
    footprint: str
    scenario: str


class Store:
    """The folder of one sweep. Points that are there are never written again."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.folder = folder
        self.scenario = scenario

    def open(self, *, resume: bool, force: bool) -> None:
        """Begin, go on (`resume`), or begin anew (`force`); raises RequestError where neither was asked for."""
        plan = self.folder / PLAN_FILE
        if plan.exists() and resume:
            self._check(plan)
            return
        if (plan.exists() or (self.folder / SWEEP_FILE).exists()) and not force:
            raise RequestError(
                f"{self.folder} has a sweep; --resume plays what it lacks, --force begins anew, "
                "-o FOLDER writes elsewhere"
            )
        try:
            if plan.exists():
                plan.unlink()
            for path in (self.folder / POINTS).glob("*.json"):
                path.unlink()
            (self.folder / SWEEP_FILE).unlink(missing_ok=True)
        except OSError as error:
            raise RequestError(f"cannot begin {self.folder} anew: {reason_of(error)}") from None
        write_text(plan, encode(FolderPlan("footprint.sweep-plan/1", __version__, self.scenario)))

    def _check(self, path: Path) -> None:
        try:
            plan = msgspec.json.decode(path.read_bytes(), type=FolderPlan)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            raise InputFileError(path, "is not the plan of a sweep; --force begins anew") from None
        for what, old, new in (
            ("scenario", plan.scenario, self.scenario),
            ("version of footprint", plan.footprint, __version__),
        ):
            if old != new:
                raise InputFileError(path, f"is of another {what}, {old}, not {new}; --force begins anew")

    def path(self, point_id: str) -> Path:
        """Where the point of that id is, or will be."""
        return self.folder / POINTS / f"{point_id}.json"

    def get(self, point_id: str) -> Point | None:
        """The point of that id; None where it is not done. What cannot be read is played again."""
        try:
            return msgspec.json.decode(self.path(point_id).read_bytes(), type=Point)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def add(self, point: Point) -> None:
        """Keep a point that is done."""
        write_text(self.path(point.id), encode(point))

    def finish(self, sweep: Sweep) -> Path:
        """Write the document; gives its file."""
        path = self.folder / SWEEP_FILE
        write_text(path, encode(sweep))
        return path
