"""The comparison as the first part of a page."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording
from footprint.report.comparison.pairing import ComparedRecordings, compared
from footprint.report.comparison.sections import first_pictures, sections
from footprint.report.comparison.sentences import answer, is_equal
from footprint.report.section import Head, RecordingPart, VerdictBadge

ANCHOR = "comparison"


def comparison_part(recordings: Sequence[Recording], words: Sequence[str] = ()) -> RecordingPart | None:
    """The part that compares two recordings; None where there are not two, or where they cannot be compared."""
    both = compared(recordings, words)
    if both is None:
        return None
    first, second = both.names
    head = Head(
        scenario=title(both),
        question=_question(both),
        answer=answer(both),
        notes=tuple(f"{note[:1].upper()}{note[1:]}." for note in both.most.notes),
        params=tuple((name, str(setting)) for name, setting in both.first.params.items()),
        environment=((first, _what(both.first, both.most.first)), (second, _what(both.second, both.most.second))),
        verdicts=_verdicts(both),
        shown=first_pictures(both),
    )
    return RecordingPart(ANCHOR, "Comparison", head, sections(both), leads=True)


def title(both: ComparedRecordings) -> str:
    """``power8: before against after``."""
    against = f"{both.names[0]} against {both.names[1]}"
    return against if both.first.environment.get("capture") else f"{both.first.scenario}: {against}"


def _question(both: ComparedRecordings) -> str:
    if both.is_model_beside_real:
        return f"Does the model of {both.first.scenario} do what the real QEMU did?"
    return f"Where do {both.names[0]} and {both.names[1]} differ, and whose is the difference?"


def _verdicts(both: ComparedRecordings) -> tuple[VerdictBadge, ...]:
    """Whether the two are equal, which is what ``footprint compare`` exits by."""
    equal = is_equal(both)
    if equal is None:
        return ()
    if both.is_model_beside_real:
        return (VerdictBadge("good", "the model is exact") if equal else VerdictBadge("bad", "the model is not exact"),)
    return (VerdictBadge("good", "all counts are equal") if equal else VerdictBadge("bad", "counts differ"),)


def _what(recording: Recording, rules: str) -> str:
    """What ran it: rules of the model, or the binary of a real QEMU."""
    if recording.backend == "model":
        return f"the model under {rules}"
    place = recording.environment.get("QEMU") or recording.environment.get("capture", "")
    return f"{rules.replace('qemu-', 'QEMU ', 1)}{f' ({place})' if place else ''}"
