"""``footprint report``: recordings as one HTML page, and the index of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import force_option, json_option
from footprint.cli.terminal import complain, note, print_json

if TYPE_CHECKING:
    from footprint.errors import InputFileError
    from footprint.recording.model import Recording
    from footprint.recording.sweep import Sweep
    from footprint.report.look import PageLook


_NO_LIMITS = "--budget and --baseline belong to a page of recordings, not to an index or a sweep"


@click.command("report")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING… | FOLDER")
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE",
    help="The HTML file to write. Default for a FOLDER of recordings: its index.html.",
)  # fmt: skip
@click.option(
    "--budget", "budgets", multiple=True, metavar="METRIC<=NUMBER",
    help="A limit to draw in and to judge by, as of `footprint gate`. Repeatable.",
)  # fmt: skip
@click.option("--baseline", metavar="FILE", help="Draw in what was accepted in this baseline (or recording).")
@click.option("--title", default="", help="The page's title. Default: the scenarios.")
@click.option(
    "--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", show_default=True,
    help="The page's colours; auto follows the reader's system.",
)  # fmt: skip
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@json_option
@force_option
def command(
    recordings: tuple[str, ...], out: Path | None, budgets: tuple[str, ...], baseline: str | None, title: str,
    theme: str, *, opens: bool, as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Draw recordings as one self-contained HTML page: one, or two compared, or several one below the other.

    A RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture: also a text with the
    answer to `info mtree` in it, or - for standard input. Of two recordings, or two captures, the page says first where
    they differ, and whose the difference is. One that cannot be read is reported; the others are drawn.

    The budgets and the baseline of each gate in the pyproject.toml here or above that is for a recording stand in its
    pictures, and the page says whether the gate holds; --budget and --baseline add to them.

    Sweeps are drawn on a page of their own. A FOLDER whose folders have recordings gets an index of
    them, with links to their pages and back.

    \b
    footprint report power8 -o power8.html
    footprint report power8 -o power8.html --budget 'flatviews.alive<=4'
    footprint report before after -o comparison.html --open
    footprint report guest1.json.gz guest2.json.gz -o guests.html
    footprint report reports/
    """
    from footprint.errors import InputFileError, RequestError
    from footprint.report.index.entries import PAGE, recorded_in
    from footprint.report.look import PageLook

    folder = Path(recordings[0])
    look = PageLook("dark" if theme == "dark" else "light" if theme == "light" else "auto")
    limits = (budgets, baseline)
    paths = recorded_in(folder) if len(recordings) == 1 and _is_folder_of_recordings(folder) else []
    if paths:
        if any(limits):
            raise RequestError(_NO_LIMITS)
        path = out or folder / PAGE
        errors, told = _write_index(folder, paths, path, title, look, force=force)
    elif out is None and len(recordings) == 1 and _is_folder_of_recordings(folder):
        raise InputFileError(folder, "holds no recordings: there is no recording.json in a folder of it")
    elif out is None:
        raise RequestError("name the page to write: -o FILE.html (only an index of a folder has a name of its own)")
    else:
        path = out
        errors, told = _write_page(recordings, path, title, look, limits, force=force)
    if as_json:
        print_json({"written": str(path), "bytes": path.stat().st_size, **told})
    else:
        pages = f" and {told['pages']} pages that it links to" if told.get("pages") else ""
        note(f"wrote {path}{pages}")
    if opens:
        _open(path)
    if errors:
        click.get_current_context().exit(max(error.exit_code for error in errors))


def _is_folder_of_recordings(folder: Path) -> bool:
    from footprint.recording.files import FILE_NAME
    from footprint.recording.sweep import is_sweep

    return folder.is_dir() and not (folder / FILE_NAME).exists() and not is_sweep(folder)


def _write_page(
    words: tuple[str, ...], out: Path, title: str, look: PageLook, limits: tuple[tuple[str, ...], str | None], *,
    force: bool,
) -> tuple[list[InputFileError], dict[str, int]]:  # fmt: skip
    """Write the page of what `words` name; the errors of those that cannot be read, and what was drawn."""
    from footprint.cli.page_gates import page_gates
    from footprint.errors import InputFileError, RequestError
    from footprint.record.find import find_recordings
    from footprint.recording.files import writable, write_text
    from footprint.report.page import render

    if sweeps := _sweeps(words):
        if any(limits):
            raise RequestError(_NO_LIMITS)
        from footprint.report.sweep import render_sweeps

        write_text(writable(out, force=force), render_sweeps(sweeps, title=title, look=look))
        return [], {"sweeps": len(sweeps)}
    answers = _printed(words) or find_recordings(words)
    drawn = [answer for answer in answers if not isinstance(answer, InputFileError)]
    errors = [answer for answer in answers if isinstance(answer, InputFileError)]
    for error in errors if drawn else errors[:-1]:
        complain(error)
    if not drawn:
        raise errors[-1]
    held = [page_gates(recording, *limits) for recording in drawn]
    path = writable(out, force=force)
    names = words if len(drawn) == len(words) else ()
    write_text(path, render(drawn, title=title, names=names, look=look, held=held))
    return errors, {"recordings": len(drawn)}


def _sweeps(words: tuple[str, ...]) -> list[Sweep]:
    """The sweeps that `words` name; raises RequestError where some are recordings."""
    from footprint.errors import RequestError
    from footprint.sweep.find import find_sweep

    sweeps = [sweep for word in words if (sweep := find_sweep(word)) is not None]
    if sweeps and len(sweeps) < len(words):
        raise RequestError("sweeps are drawn on a page of their own; name only sweeps, or only recordings")
    return sweeps


def _printed(words: tuple[str, ...]) -> list[Recording | InputFileError]:
    """Of two captures what their QEMUs printed, as ``compare`` compares it; else nothing."""
    from footprint.errors import InputFileError
    from footprint.record.find import find_printed

    if len(words) != 2:
        return []
    try:
        both = [find_printed(word) for word in words]
    except InputFileError:
        return []
    return [recording for recording in both if recording] if all(both) else []


def _write_index(
    folder: Path, paths: list[Path], out: Path, title: str, look: PageLook, *, force: bool
) -> tuple[list[InputFileError], dict[str, int]]:
    """Write the index, the pages that are missing, and the way back into those that are there."""
    from footprint.cli.page_gates import page_gates
    from footprint.recording.files import writable, write_text
    from footprint.report.index.entries import entries
    from footprint.report.index.page import render_index
    from footprint.report.index.pages import link_back

    path = writable(out, force=force)
    every, errors = entries(folder, paths, path, page_gates)
    for error in errors if every else errors[:-1]:
        complain(error)
    if not every:
        raise errors[-1]
    pages = link_back(folder, path, every, look, page_gates)
    write_text(path, render_index(every, title=title, look=look))
    return errors, {"recordings": len(every), "pages": pages}


def _open(path: Path) -> None:
    """Open the page in the browser, or say that there is none."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        note(f"no browser could be started; open {path.resolve()} in one")
