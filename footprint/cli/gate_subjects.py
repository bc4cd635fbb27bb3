"""What ``gate`` and ``accept`` are about: recordings that exist, or scenarios that they play first."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from footprint.cli.options import check_belong
from footprint.cli.requests import BackendWords, run_request
from footprint.cli.terminal import end_progress, note, progress
from footprint.errors import FootprintError, RequestError, UnknownNameError
from footprint.gate.settings import GateTable, Settings, judges_recordings
from footprint.record.find import find_recording, is_recorded
from footprint.record.recorder import record
from footprint.scenario.find import built_in, find

if TYPE_CHECKING:
    from footprint.recording.model import Recording

RULED = ("model", "processes")
"""Backends whose runs are chosen by ``rules``; a real QEMU obeys its own."""


@dataclass(frozen=True, slots=True)
class GateSubject:
    """A recording to be judged, `gates` of the pyproject.toml that are for it, and the words that name it."""

    word: str
    recording: Recording
    gates: tuple[str, ...]
    pairs: tuple[str, ...] = ()

    def again(self, *options: str) -> str:
        """The command that does the same again, with `options`."""
        given = [part for pair in self.pairs for part in ("-s", pair)]
        return shlex.join(["footprint", "gate", self.word, *given, *options])


def gates_to_play(pairs: tuple[str, ...], settings: Settings | None) -> list[str]:
    """Every gate of `settings`, for a command line that names none; raises RequestError where there is none."""
    check_belong(({"-s": bool(pairs)}, "a scenario"))
    if settings is None or not settings.gates:
        raise RequestError(
            "nothing to judge: name a recording or a scenario, or write gates into a pyproject.toml here "
            "([tool.footprint.gates.NAME])"
        )
    return list(settings.gates)


def gate_subject(
    word: str, pairs: tuple[str, ...], rules: tuple[str, ...], settings: Settings | None, *, play: bool
) -> GateSubject:
    """What `word` names: a recording; else, or with `play` or `pairs`, a gate of `settings`, or a scenario.

    The latter two are played on the model under `rules`. Raises RequestError.
    """
    play = play or bool(pairs)
    if not play and not word.endswith(".py") and is_recorded(word):
        recording = find_recording(word, rules)
        if word != "-" and Path(word).name == word and not Path(word).exists():
            recorded = recording.environment.get("recorded", "an unknown time")
            note(f"judging reports/{word}, recorded {recorded}; --run plays it anew")
        return GateSubject(word, recording, gates_for(recording, settings))
    if settings is not None and word in settings.gates and not pairs:
        return _played_gate(word, rules, settings)
    if word in built_in() or word.endswith(".py"):
        recording = _played(word, pairs, BackendWords(backend="", rules=rules))
        return GateSubject(word, recording, gates_for(recording, settings), pairs)
    if "/" in word or "." in word:
        return GateSubject(word, find_recording(word, rules), ())  # says why it cannot be read
    raise UnknownNameError("recording, gate or scenario", word, [*(settings.gates if settings else ()), *built_in()])


def _played_gate(name: str, rules: tuple[str, ...], settings: Settings) -> GateSubject:
    table = settings.gates[name]
    takes_rules = table.backend in RULED
    words = BackendWords(backend=table.backend, rules=(rules or table.rules) if takes_rules else ())
    pairs = [f"{key}={value}" for key, value in table.params.items()]
    try:
        recording = _played(scenario_word(settings, table), pairs, words)
    except RequestError as error:
        raise settings.fault(name, "", str(error)) from None
    return GateSubject(name, recording, (name,))


def scenario_word(settings: Settings, table: GateTable) -> str:
    """The gate's scenario; a path is one from the folder of the pyproject.toml."""
    path = settings.path.parent / table.scenario
    return str(path) if table.scenario.endswith(".py") or "/" in table.scenario else table.scenario


def _played(word: str, pairs: Sequence[str], words: BackendWords) -> Recording:
    request = run_request(word, pairs, words)
    try:
        return record(request, progress())
    finally:
        end_progress()


def gates_for(recording: Recording, settings: Settings | None) -> tuple[str, ...]:
    """The gates of the pyproject.toml for this scenario, with these parameters, on this backend."""
    if settings is None:
        return ()
    return tuple(
        name for name, table in settings.gates.items() if judges_recordings(table) and _fits(settings, table, recording)
    )


def _fits(settings: Settings, table: GateTable, recording: Recording) -> bool:
    if table.backend != recording.backend:
        return False
    try:
        scenario = find(scenario_word(settings, table))
        values = scenario.values({name: str(value) for name, value in table.params.items()})
    except FootprintError:
        return False
    return scenario.name == recording.scenario and scenario.told(values) == dict(recording.params)
