"""What is worth typing after a run: commands that work on what was just recorded."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footprint.recording.model import Recording, Run

ALIVE = "flatviews.alive"
_REPORTS = "reports"


def next_commands(recording: Recording, folder: Path) -> list[tuple[str, str]]:
    """At most three commands, each with what it is for; `folder` has the recording."""
    if not recording.runs:
        return []
    word = _word(folder)
    told = [*_leak(recording), *_compared(recording, word), *_gated(recording, word)][:2]
    if folder.parent.name == _REPORTS and len(folder.parts) == len(Path(_REPORTS, "x").parts):
        told.append((_joined("report", f"{_REPORTS}/", "--force"), "an index of all recordings"))
    return told


def _word(folder: Path) -> str:
    """The shortest word for the recording: NAME for reports/NAME."""
    if folder.parts == (_REPORTS, folder.name) and not Path(folder.name).exists():
        return folder.name
    return str(folder)


def _joined(*words: str) -> str:
    return shlex.join(["footprint", *words])


def _leak(recording: Recording) -> list[tuple[str, str]]:
    """Where the model says that something leaks: who it is."""
    from footprint.verdict.scenario_growth import growths
    from footprint.verdict.verdict import Answer

    leaking = [growth.rules for growth in growths(recording) if growth.verdict is Answer.LEAK]
    if not leaking or recording.backend != "model":
        return []
    from footprint.scenario.find import built_in

    if recording.scenario not in built_in():
        return []
    words = ["leaks", recording.scenario, *_settings(recording), "-r", leaking[0]]
    return [(_joined(*words), "which address spaces stay")]


def _settings(recording: Recording) -> list[str]:
    """The parameters that are not as they are by themselves, as they are typed."""
    from footprint.scenario.find import find

    usual = find(recording.scenario).values({})
    changed = {name: setting for name, setting in recording.params.items() if usual.get(name) != setting}
    return [word for name, setting in changed.items() for word in ("-s", f"{name}={setting}")]


def _compared(recording: Recording, word: str) -> list[tuple[str, str]]:
    """The two rule sets that a QEMU had whose views in use differ most, and which ones those are."""
    were = [run for run in recording.runs if "," not in run.rules and _alive(run) is not None]
    if len(were) < 2:
        return []
    newest = were[-1]
    other = max(were[:-1], key=lambda run: abs((_alive(run) or 0) - (_alive(newest) or 0)))
    if _alive(other) == _alive(newest):
        return []
    return [(_joined("compare", word, "-r", other.rules, "-r", newest.rules), "whose views came and went")]


def _gated(recording: Recording, word: str) -> list[tuple[str, str]]:
    """A gate that holds the number of views where it is."""
    run = next((run for run in reversed(recording.runs) if _alive(run) is not None), None)
    if run is None:
        return []
    rules = ["--rules", run.rules] if len(recording.runs) > 1 else []
    return [(_joined("gate", word, "--budget", f"{ALIVE}<={_alive(run):g}", *rules), "fail when it grows")]


def _alive(run: Run) -> float | None:
    sample = run.sample()
    return sample.metrics.get(ALIVE) if sample else None
