"""What a section is made of: frozen data, that the template lays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column's heading; `number` aligns it to the right."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns; the first cell of a row heads it.

    `marks` gives cells, by row and column, a look and a word: ``changed``, ``good`` or ``bad``.
    `folded` tables open on demand, under their caption.
    """

    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    folded: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG with its title above and a sentence on how to read it below."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LegendKey:
    """An entry of a legend: the CSS variable of a colour, and what it stands for."""

    colour: str
    label: str
    shape: str = "square"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Pictures that are read together, their legend, and the tables behind them."""

    pictures: tuple[Picture, ...] = ()
    keys: tuple[LegendKey, ...] = ()
    tables: tuple[Table, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its title, its anchor, a sentence that leads in, and what it shows."""

    title: str
    anchor: str
    lead: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A figure to see first; `before` is what it was under the first rule set, if there are two."""

    label: str
    value: str
    before: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a recording: what was asked, what came out, of which guest and where."""

    scenario: str
    question: str
    answer: str
    cards: tuple[Card, ...]
    notes: tuple[str, ...]
    params: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """One recording on the page, or what else has a head and sections; `anchor` and `name` tell it from the others.

    The head of a first part that `leads` is the page's own: what comes after it is what it was made from.
    """

    anchor: str
    name: str
    head: Head
    sections: tuple[Section, ...]
    leads: bool = False
