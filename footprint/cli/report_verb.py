"""``footprint report``: recordings as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from footprint.cli.options import force_option, json_option
from footprint.cli.terminal import note, print_json


@click.command("report")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), help="The HTML file to write.")
@json_option
@force_option
def command(recordings: tuple[str, ...], out: Path, *, as_json: bool, force: bool) -> None:
    """Draw one or more recordings as one self-contained HTML page.

    A RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture.

    \b
    footprint report power8 -o power8.html
    """
    from footprint.record.find import find_recording
    from footprint.recording.files import writable, write_text
    from footprint.report.page import render

    drawn = [find_recording(word) for word in recordings]
    path = writable(out, force=force)
    text = render(drawn)
    write_text(path, text)
    if as_json:
        print_json({"written": str(path), "bytes": len(text.encode()), "recordings": len(drawn)})
    else:
        note(f"wrote {path}")
