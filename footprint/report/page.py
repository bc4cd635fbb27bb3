"""The page: one self-contained HTML document from recordings alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from footprint.recording.model import Recording
from footprint.report import words
from footprint.report.beside import beside
from footprint.report.comparison.pairing import folder_of
from footprint.report.comparison.part import comparison_part
from footprint.report.cpus import cpus
from footprint.report.features import features
from footprint.report.figures import figures
from footprint.report.flash import flash
from footprint.report.history import history
from footprint.report.kinds import kinds
from footprint.report.leaks import leaks
from footprint.report.look import PageLook
from footprint.report.lookups import lookups
from footprint.report.machine.section import machine
from footprint.report.map_curve import map_curve
from footprint.report.owners import owners
from footprint.report.real_qemu import real_qemu
from footprint.report.references import HeldTo, references
from footprint.report.remaining import remaining
from footprint.report.section import RecordingPart, Section
from footprint.report.slots import slots
from footprint.report.startup import startup
from footprint.report.summary import head

SECTIONS: tuple[Callable[..., Section | None], ...] = (
    lookups,
    slots,
    flash,
    map_curve,
    remaining,
    cpus,
    owners,
    real_qemu,
    history,
    startup,
    kinds,
    leaks,
    machine,
    features,
    figures,
)
"""What the page shows of a recording, in this order: the story, whose it is, the rest. Add a section by a function."""

HELD = frozenset({history, startup, flash, slots, real_qemu})
"""Sections that show, too, what their figures are held against; they are given it beside the recording."""


def render(
    recordings: Sequence[Recording], *, title: str = "", names: Sequence[str] = (), look: PageLook | None = None,
    held: Sequence[Sequence[HeldTo]] = (),
) -> str:  # fmt: skip
    """The HTML page of `recordings`; it asks for nothing but itself, and all of it is there without scripts.

    `title` heads the page; without one, the names of the scenarios do. Two recordings that can be compared are compared
    first; `names` are what a user typed to name the recordings. `held` are the gates that judge each of them: their
    limits stand in the pictures.
    """
    comparison = comparison_part(recordings, names)
    named = [_name(n, recording, recordings, names) for n, recording in enumerate(recordings, 1)]
    judges = held or [()] * len(recordings)
    parts = tuple(
        RecordingPart(f"r{n}", name, head(recording, gates), _sections(n, recording, recordings, comparison, gates))
        for n, (name, recording, gates) in enumerate(zip(named, recordings, judges, strict=True), 1)
    )
    scenarios = ", ".join(dict.fromkeys(part.head.scenario for part in parts))
    source = "a recording" if len(parts) == 1 else "recordings"
    if comparison is not None:
        return page((comparison, *parts), title or comparison.head.scenario, source=source, look=look)
    return page(parts, title or scenarios or "footprint", source=source, look=look)


def page(
    parts: Sequence[RecordingPart],
    title: str,
    *,
    source: str,
    look: PageLook | None = None,
    cards: Sequence[object] = (),
) -> str:
    """The HTML page of `parts`, one below the other; `source` says what they were made from.

    The `cards` of an index stand above them.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("footprint.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=words.shown,
    )
    environment.filters |= {
        "linked": words.linked,
        "whole": words.whole,
        "explained": words.explained,
        "anchor": words.anchor,
        "json_list": words.json_list,
    }
    environment.globals["terms"] = words.TERMS
    template = environment.get_template("page.html")
    return template.render(title=title, parts=parts, source=source, look=look or PageLook(), cards=cards)


def _sections(
    n: int,
    recording: Recording,
    recordings: Sequence[Recording],
    comparison: RecordingPart | None,
    gates: Sequence[HeldTo],
) -> tuple[Section, ...]:
    limits = references(recording, gates)
    made = [section(recording, limits) if section in HELD else section(recording) for section in SECTIONS]
    if n == 1 and comparison is None:
        made.insert(0, beside(recordings))
    return tuple(section for section in made if section)


def _name(n: int, recording: Recording, recordings: Sequence[Recording], names: Sequence[str]) -> str:
    """The scenario, with what sets this recording of it apart: the parameters, else its folder, else its number."""
    same = [other.params for other in recordings if other.scenario == recording.scenario]
    if len(same) == 1:
        return recording.scenario
    own = [
        f"{param} {setting}"
        for param, setting in recording.params.items()
        if any(params.get(param) != setting for params in same)
    ]
    folder = folder_of(names[n - 1]) if len(names) == len(recordings) else ""
    return f"{recording.scenario}, {', '.join(own) or folder or f'recording {n}'}"
