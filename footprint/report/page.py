"""The page: one self-contained HTML document from recordings alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footprint.recording.model import Recording
from footprint.report.beside import beside
from footprint.report.cpus import cpus
from footprint.report.features import features
from footprint.report.figures import figures
from footprint.report.flash import flash
from footprint.report.history import history
from footprint.report.kinds import kinds
from footprint.report.leaks import leaks
from footprint.report.lookups import lookups
from footprint.report.machine.section import machine
from footprint.report.map_curve import map_curve
from footprint.report.remaining import remaining
from footprint.report.section import Head, Section
from footprint.report.slots import slots
from footprint.report.startup import startup
from footprint.report.summary import head

SECTIONS: tuple[Callable[[Recording], Section | None], ...] = (
    lookups,
    slots,
    flash,
    map_curve,
    remaining,
    cpus,
    history,
    startup,
    kinds,
    leaks,
    machine,
    features,
    figures,
)
"""What the page shows of a recording, in this order; a section is added by adding its function."""


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """One recording on the page, or what else has a head and sections; `anchor` and `name` tell it from the others."""

    anchor: str
    name: str
    head: Head
    sections: tuple[Section, ...]


def render(recordings: Sequence[Recording], *, title: str = "") -> str:
    """The HTML page of `recordings`; it asks for nothing but itself, and runs no script.

    `title` heads the page; without one, the names of the scenarios do.
    """
    parts = tuple(_part(n, recording, recordings) for n, recording in enumerate(recordings, 1))
    names = ", ".join(dict.fromkeys(part.head.scenario for part in parts))
    return page(parts, title or names or "footprint", source="a recording" if len(parts) == 1 else "recordings")


def page(parts: Sequence[RecordingPart], title: str, *, source: str) -> str:
    """The HTML page of `parts`, one below the other; `source` says what they were made from."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("footprint.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(title=title, parts=parts, source=source)


def _part(n: int, recording: Recording, recordings: Sequence[Recording]) -> RecordingPart:
    made = [section(recording) for section in SECTIONS]
    if n == 1:
        made.insert(0, beside(recordings))
    sections = tuple(section for section in made if section)
    return RecordingPart(f"r{n}", _name(n, recording, recordings), head(recording), sections)


def _name(n: int, recording: Recording, recordings: Sequence[Recording]) -> str:
    """The scenario, with what sets this recording of it apart: the parameters, or else its number."""
    same = [other.params for other in recordings if other.scenario == recording.scenario]
    if len(same) == 1:
        return recording.scenario
    own = [
        f"{name} {setting}"
        for name, setting in recording.params.items()
        if any(params.get(name) != setting for params in same)
    ]
    return f"{recording.scenario}, {', '.join(own) or f'recording {n}'}"
