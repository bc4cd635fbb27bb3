"""What several verbs share: options, and the two ways to print."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
WIDTH_OF_A_PIPE = 160
"""Columns of a table that goes elsewhere than to a terminal."""

force_option = click.option("--force", is_flag=True, help="Overwrite what exists.")


def print_json(document: object) -> None:
    """Print `document` (a msgspec structure or plain data) as the only thing on stdout."""
    from footprint.recording.files import encode

    click.echo(encode(document), nl=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, words: Sequence[str]) -> None:
    """Print a table; the columns named in `words` are text, the others figures, aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False, collapse_padding=True
    )
    for number, column in enumerate(columns):
        # Metric names break before a dot in the head; names in the first column never break.
        head = column.replace(".", "\n.") if number else column
        table.add_column(head, justify="left" if column in words else "right", overflow="fold", no_wrap=not number)
    for row in rows:
        table.add_row(*[_plain(cell) for cell in row])
    console().print(table)


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)


def console() -> Any:
    """Standard output as rich sees it; wide when it is not a terminal, so that no table is broken."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_PIPE
    return Console(width=width, highlight=False, soft_wrap=False)


def note(sentence: str) -> None:
    """Tell the person something that is not data."""
    click.echo(sentence, err=True)


def progress() -> Callable[[str], None]:
    """A line on a terminal that says what is being done; silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(sentence: str) -> None:
        width = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
        text = sentence if len(sentence) <= width else sentence[: width - 1] + "…"
        click.echo(f"\r\x1b[2K{text}", nl=False, err=True)

    return show


def end_progress() -> None:
    """Take the progress line away."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[2K", nl=False, err=True)
