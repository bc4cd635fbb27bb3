"""What a section is made of: frozen data, that the template lays out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column's heading; `number` aligns it to the right."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under columns; the first cell of a row heads it.

    `marks` gives cells, by row and column, a look and a word: ``changed``, ``good`` or ``bad``.
    `folded` tables open on demand, under their caption. `links` are the addresses to which rows lead, `runs` gives rows
    the rule sets that they are about.
    """

    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    folded: bool = True
    links: Mapping[int, str] = field(default_factory=dict)
    runs: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureData:
    """The numbers that pictures show, to be taken away as CSV or JSON; `name` is that of the file.

    More than `MOST_ROWS` rows are left out: the page stays small, and the recording has them all.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]

    MOST_ROWS: ClassVar[int] = 3000

    @property
    def csv(self) -> str:
        """An address that holds the rows as CSV, under the names of their columns."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows[: self.MOST_ROWS])
        return f"data:text/csv;charset=utf-8,{quote(stream.getvalue(), safe=_UNQUOTED, errors='replace')}"

    @property
    def json(self) -> str:
        """An address that holds the columns and the rows as JSON."""
        text = json.dumps({"columns": self.columns, "rows": self.rows[: self.MOST_ROWS]}, ensure_ascii=False)
        return f"data:application/json;charset=utf-8,{quote(text, safe=_UNQUOTED, errors='replace')}"

    @property
    def is_cut(self) -> bool:
        """Whether rows are left out."""
        return len(self.rows) > self.MOST_ROWS


_UNQUOTED = "/:,.;=@()[]{}'*!$~+"


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG with its title above and a sentence on how to read it below.

    `wide` is the same picture for a window that has room for it; on a phone `svg` is shown. One that `spans` takes the
    page's whole width. `draw` draws it at any width, where it can be.
    """

    title: str
    svg: str
    note: str = ""
    wide: str = ""
    spans: bool = False
    draw: Callable[[float], str] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LegendKey:
    """An entry of a legend: the CSS variable of a colour, and what it stands for."""

    colour: str
    label: str
    shape: str = "square"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Pictures that are read together, their legend, the tables behind them, and their data to take away.

    `runs` are the rule sets that it is about; where the reader leaves all of them out, it is not shown.
    """

    pictures: tuple[Picture, ...] = ()
    keys: tuple[LegendKey, ...] = ()
    tables: tuple[Table, ...] = ()
    title: str = ""
    data: PictureData | None = None
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its title, its anchor, a sentence that leads in, and what it shows."""

    title: str
    anchor: str
    lead: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class VerdictBadge:
    """A verdict in a few words; `look` is ``good``, ``bad`` or ``unsure``."""

    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Head:
    """The first screen: what was asked, what came out, the verdicts and the one picture that shows it.

    What follows it: what is to be known of the figures (`notes`), of which guest they are, and where it ran. `rules`
    are the rule sets that a reader can choose from.
    """

    scenario: str
    question: str
    answer: str
    notes: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[VerdictBadge, ...] = ()
    shown: Exhibit | None = None
    rules: tuple[str, ...] = ()


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
