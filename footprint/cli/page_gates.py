"""Which gates a page shows: those of the command line, and those of the pyproject.toml that are for its recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from footprint.cli.terminal import complain
from footprint.errors import FootprintError

if TYPE_CHECKING:
    from footprint.gate.baseline import Baseline
    from footprint.recording.model import Recording
    from footprint.report.references import HeldTo


def page_gates(recording: Recording, budgets: tuple[str, ...] = (), baseline: str | None = None) -> tuple[HeldTo, ...]:
    """The gates that `recording` is held to on its page, those of the command line first.

    Raises RequestError for what is no budget, or is about nothing that the recording has, and InputFileError for what
    is no baseline of it. A gate of the pyproject.toml that cannot be read is reported, and left out.
    """
    from footprint.gate.gates import command_line_gate, judge
    from footprint.report.references import HeldTo

    held = []
    if budgets or baseline:
        given = command_line_gate(budgets, None, accepted(baseline), baseline or "")
        judge(recording, given)
        held.append(HeldTo(given))
    return (*held, *_of_settings(recording))


def accepted(path: str | None, rules: tuple[str, ...] = ()) -> Baseline | None:
    """What was accepted: the baseline in the file `path`, or the recording that the word names."""
    from footprint.errors import InputFileError
    from footprint.gate.baseline import Baseline, read_baseline
    from footprint.record.find import find_recording, is_recorded

    if path is None:
        return None
    try:
        return read_baseline(path)
    except InputFileError:
        if not is_recorded(path):
            raise
        try:
            return Baseline.of(find_recording(path, rules))
        except InputFileError as error:
            raise InputFileError(error.path, f"is neither a baseline nor a recording: {error.reason}") from None


def _of_settings(recording: Recording) -> list[HeldTo]:
    from footprint.cli.gate_subjects import gates_for
    from footprint.gate.gates import gate_of
    from footprint.gate.settings import find_settings
    from footprint.report.references import HeldTo

    held: list[HeldTo] = []
    try:
        settings = find_settings(Path.cwd())
        if settings is not None:
            for name in gates_for(recording, settings):
                held.append(HeldTo(gate_of(settings, name), settings.gates[name].rules))
    except FootprintError as error:
        complain(error)
    return held
