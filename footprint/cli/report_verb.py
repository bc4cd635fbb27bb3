"""``footprint report``: recordings as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import force_option, json_option
from footprint.cli.terminal import complain, note, print_json

if TYPE_CHECKING:
    from footprint.recording.sweep import Sweep


@click.command("report")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), help="The HTML file to write.")
@json_option
@force_option
def command(recordings: tuple[str, ...], out: Path, *, as_json: bool, force: bool) -> None:
    """Draw one or more recordings as one self-contained HTML page.

    A RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture: also a text with the
    answer to `info mtree` in it, or - for standard input.
    Sweeps are drawn on a page of their own. One that cannot be read is reported; the others are drawn.

    \b
    footprint report power8 -o power8.html
    """
    from footprint.errors import InputFileError
    from footprint.record.find import find_recordings
    from footprint.recording.files import writable, write_text
    from footprint.report.page import render
    from footprint.sweep.find import find_sweep

    path = writable(out, force=force)
    sweeps = [sweep for word in recordings if (sweep := find_sweep(word)) is not None]
    if sweeps:
        _draw_sweeps(sweeps, recordings, path, as_json=as_json)
        return
    answers = find_recordings(recordings)
    drawn = [answer for answer in answers if not isinstance(answer, InputFileError)]
    errors = [answer for answer in answers if isinstance(answer, InputFileError)]
    for error in errors if drawn else errors[:-1]:
        complain(error)
    if not drawn:
        raise errors[-1]
    text = render(drawn)
    write_text(path, text)
    if as_json:
        print_json({"written": str(path), "bytes": len(text.encode()), "recordings": len(drawn)})
    else:
        note(f"wrote {path}")
    if errors:
        click.get_current_context().exit(max(error.exit_code for error in errors))


def _draw_sweeps(sweeps: Sequence[Sweep], words: Sequence[str], path: Path, *, as_json: bool) -> None:
    from footprint.errors import RequestError
    from footprint.recording.files import write_text
    from footprint.report.sweep import render_sweeps

    if len(sweeps) < len(words):
        raise RequestError("sweeps are drawn on a page of their own; name only sweeps, or only recordings")
    text = render_sweeps(sweeps)
    write_text(path, text)
    if as_json:
        print_json({"written": str(path), "bytes": len(text.encode()), "sweeps": len(sweeps)})
    else:
        note(f"wrote {path}")
