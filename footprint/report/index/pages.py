"""The pages beside the recordings of an index: made where they are missing, and each with a way back to the index."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from footprint.recording.files import write_text
from footprint.recording.model import Recording
from footprint.report.index.entries import PAGE, IndexEntry
from footprint.report.look import PageLook, is_ours, with_home
from footprint.report.page import render
from footprint.report.references import HeldTo


def link_back(
    folder: Path, index: Path, every: Sequence[IndexEntry], look: PageLook,
    gates: Callable[[Recording], Sequence[HeldTo]] = lambda _: (),
) -> int:  # fmt: skip
    """Give every entry's page a link to `index`, and make those that are missing; how many were written.

    What stands there and is no page of ours is left alone. `gates` says what judges a recording.
    """
    written = 0
    for entry in every:
        page = folder / entry.folder / PAGE
        home = Path(os.path.relpath(index, page.parent)).as_posix()
        text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
        if text and not is_ours(text):
            continue
        linked = with_home(text, home) if text else _page(entry, replace(look, home=home), gates)
        if linked != text:
            write_text(page, linked)
            written += 1
    return written


def _page(entry: IndexEntry, look: PageLook, gates: Callable[[Recording], Sequence[HeldTo]]) -> str:
    return render([entry.recording], look=look, held=[gates(entry.recording)])


def home_of(page: Path) -> str:
    """The address of the index of the folders beside a `page` that is to be written; empty where there is none."""
    index = page.parent.parent / PAGE
    try:
        text = index.read_text(encoding="utf-8", errors="replace") if page.parent.name and index.is_file() else ""
    except OSError:
        text = ""
    return f"../{PAGE}" if is_ours(text) else ""
