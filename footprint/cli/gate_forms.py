"""A gate's verdicts as a text for other programs, in each format, and the files that they go to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from footprint.errors import FootprintError, RequestError, UnknownNameError
from footprint.gate.annotations import github_text, gitlab_report
from footprint.gate.gate_verdict import Judged
from footprint.gate.junit import junit_text
from footprint.gate.markdown import markdown_text
from footprint.recording.files import encode, writable

Faults = Sequence[tuple[str, FootprintError]]
"""What could not be judged, by the word that named it, and why."""


def verdicts_document(judged: list[Judged], faults: Faults) -> dict[str, Any]:
    """The verdicts as plain data, with where each rule comes from, and what could not be judged, with the reason."""
    failed = [{"subject": word, "reason": str(error), "exit_code": error.exit_code} for word, error in faults]
    verdicts = []
    for each in judged:
        verdict = each.verdict
        verdicts.append(
            {"holds": verdict.holds, **asdict(verdict), "change": verdict.change}
            | {"origin": asdict(each.origin), "scenario": each.scenario, "params": each.params}
            | {"gate": each.gate, "again": each.repeat}
        )
    return {"holds": not faults and all(each.verdict.holds for each in judged), "verdicts": verdicts, "errors": failed}


Form = Callable[[list[Judged], Faults], str]
_FORMS: dict[str, Form] = {
    "json": lambda judged, faults: encode(verdicts_document(judged, faults)),
    "junit": lambda judged, faults: junit_text(judged, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"), _told(faults)),
    "github": lambda judged, faults: github_text(judged, _told(faults)),
    "gitlab": lambda judged, _: encode(gitlab_report(judged)),
    "markdown": lambda judged, faults: markdown_text(judged, _told(faults)),
}


def as_text(judged: list[Judged], faults: Faults, form: str) -> str:
    """The verdicts, and what could not be judged, in that format, which is none for people."""
    return _FORMS[form](judged, faults)


def _told(faults: Faults) -> list[tuple[str, str]]:
    return [(word, str(error)) for word, error in faults]


def files_to_write(words: Sequence[str], *, force: bool) -> list[tuple[Path, str]]:
    """The files that ``--write FORMAT=FILE`` names, with their formats, once it is sure that they can be written.

    Raises RequestError.
    """
    files = []
    for word in words:
        form, equals, name = word.partition("=")
        if not equals or not name:
            raise RequestError(f"--write {word!r} is not FORMAT=FILE, as in --write junit=junit.xml")
        if form not in _FORMS:
            raise UnknownNameError("format of --write", form, _FORMS)
        files.append((writable(name, force=force), form))
    return files
