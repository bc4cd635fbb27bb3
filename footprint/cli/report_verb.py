"""``footprint report``: recordings as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from footprint.cli.options import force_option, json_option, note, print_json


@click.command("report")
@click.argument("recordings", nargs=-1, required=True)
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), help="The page to write.")
@json_option
@force_option
def command(recordings: tuple[str, ...], out: Path, *, as_json: bool, force: bool) -> None:
    """Draw RECORDINGS (files, or folders with a recording.json) as one page that needs nothing else.

    \b
    footprint report reports/power8 -o power8.html
    """
    from footprint.recording.files import read_recording, writable, write_text
    from footprint.report.page import render

    found = [read_recording(path) for path in recordings]
    path = writable(out, force=force)
    text = render(found)
    write_text(path, text)
    if as_json:
        print_json({"written": str(path), "bytes": len(text.encode()), "recordings": len(found)})
    else:
        note(f"wrote {path}")
