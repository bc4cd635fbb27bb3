"""``footprint run``: play a scenario under rule sets, and write its recording and its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import force_option, json_option, rules_option
from footprint.cli.terminal import end_progress, note, print_json, progress

if TYPE_CHECKING:
    from footprint.recording.model import Recording


@click.command("run")
@click.argument("scenario")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="Set a parameter (footprint list scenarios).")
@rules_option("Play under these rule sets (all: the whole history). Default: the scenario's own.")
@click.option(
    "-b", "backend", metavar="BACKEND", default="",
    help="The backend: model, qemu (a real QEMU process), processes or unicorn. Default: the scenario's own, mostly "
    "model.",
)  # fmt: skip
@click.option("--qemu", metavar="PATH", help="With -b qemu: the QEMU binary. Default: the machine's qemu-system-….")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), metavar="SECONDS",
    help="With -b qemu: the time limit of each step. Default: 60.",
)  # fmt: skip
@click.option(
    "--firmware-seconds", type=float, metavar="SECONDS",
    help="With -b qemu: let the firmware run for at most this long (up to 600); it ends earlier once no view was "
    "created for 3 s. Default: 15.",
)  # fmt: skip
@click.option(
    "--guests", type=int, default=1, show_default=True, metavar="N",
    help="With -b qemu: run N guests at once (up to 100), and measure what memory they share.",
)  # fmt: skip
@click.option(
    "--apply", "applied", multiple=True, metavar="FEATURE=VALUE",
    help="With -b qemu: a what-if, shown on the unmodified binary by gdb. Valid: transactions=machine.",
)  # fmt: skip
@click.option(
    "--count-views", is_flag=True,
    help="With -b qemu: count the views created under gdb, for a QEMU built without log trace events. Slow.",
)  # fmt: skip
@click.option(
    "--probe",
    "probes",
    metavar="NAMES",
    default="",
    help="Also read these probes: lookups, traced, sized, or several with commas.",
)
@click.option(
    "-o", "out", metavar="FOLDER", type=click.Path(path_type=Path), help="Write here. Default: reports/<scenario>/."
)
@json_option
@click.option("--no-report", is_flag=True, help="Write no index.html.")
@click.option("--no-history", is_flag=True, help="Do not keep this run for `footprint history`.")
@force_option
def command(
    scenario: str, sets: tuple[str, ...], rules: tuple[str, ...], backend: str, qemu: str | None,
    time_limit: float | None, firmware_seconds: float | None, guests: int, applied: tuple[str, ...],
    probes: str, out: Path | None, *, count_views: bool, as_json: bool, no_report: bool, no_history: bool,
    force: bool,
) -> None:  # fmt: skip
    """Play SCENARIO and record every metric at every mark.

    SCENARIO is the name of a built-in scenario, a .py file, a capture, any text with the answer to `info mtree` in it
    (- is standard input; FILE#2 is the second machine of a text), or an operation log. Writes recording.json and
    index.html into a folder; with --json and without -o it only prints the recording. Either way the run is kept for
    `footprint history`, in reports/history.db or the file that FOOTPRINT_HISTORY names.

    \b
    footprint run power8
    footprint run power8 -s cpus=64 -s nics=64 -s bridges=10 -r v2.10.0 -r v7.2.0
    footprint run power8 -r v7.2.0,empty_view=off --json
    footprint run power8 -b qemu --qemu ./build/qemu-system-ppc64
    footprint run power8 -b qemu --apply transactions=machine
    footprint run power8 -s cpus=4 -b qemu --guests 3
    """
    from footprint.cli.requests import BackendWords, run_request
    from footprint.record.recorder import record

    words = BackendWords(backend, rules, probes, qemu, time_limit, firmware_seconds, guests, applied, count_views)
    request = run_request(scenario, sets, words)
    writes = out is not None or not as_json
    folder = out or Path("reports") / request.scenario.name
    files = _output_files(folder, force=force, report=not no_report) if writes else []
    if not no_history:
        _check_history()
    try:
        recording = record(request, progress(), _load_page_maker if len(files) > 1 else lambda: None)
    finally:
        end_progress()
    if writes:
        _write(recording, files)
    if not no_history:
        _keep(recording)
    if as_json:
        print_json(recording)
    else:
        from footprint.cli.show_verb import summarize

        summarize(recording)
    if writes and not as_json:
        note("wrote " + " and ".join(str(path) for path in files))
        _suggest(recording, folder)


def _suggest(recording: Recording, folder: Path) -> None:
    """Say which commands are worth typing next."""
    from footprint.cli.next_commands import next_commands

    commands = next_commands(recording, folder)
    widest = max((len(command) for command, _ in commands), default=0)
    if commands:
        note("next:")
    for command, why in commands:
        note(f"  {command:<{min(widest, 60)}}  # {why}")


def _output_files(folder: Path, *, force: bool, report: bool) -> list[Path]:
    """The files to write, once it is sure that they can be."""
    from footprint.recording.files import FILE_NAME, writable

    instead = "write elsewhere with -o FOLDER, or overwrite it with --force"
    files = [writable(folder / FILE_NAME, force=force, instead=f"see it with footprint show {folder}, {instead}")]
    return [*files, writable(folder / "index.html", force=force, instead=instead)] if report else files


def _write(recording: Recording, files: list[Path]) -> None:
    """Write all files or none: the page is made before the first is written."""
    from footprint.recording.files import encode, write_text

    texts = [encode(recording)]
    if len(files) > 1:
        from footprint.cli.page_gates import page_gates
        from footprint.report.index.pages import home_of
        from footprint.report.look import PageLook
        from footprint.report.page import render

        texts.append(render([recording], look=PageLook(home=home_of(files[1])), held=[page_gates(recording)]))
    for path, text in zip(files, texts, strict=True):
        write_text(path, text)


def _load_page_maker() -> None:
    """What the page needs takes longer to load than many a run takes."""
    import footprint.report.index.pages
    import footprint.report.page  # noqa: F401


def _check_history() -> None:
    """Refuse a history that is damaged, or of a newer footprint, while nothing has been done yet."""
    from footprint.errors import InputFileError
    from footprint.history.database import check
    from footprint.history.keep import history_file

    try:
        check(history_file())
    except InputFileError as error:
        raise InputFileError(error.path, f"{error.reason}; --no-history runs without it") from None


def _keep(recording: Recording) -> None:
    """Keep the run in the history; the run is done, so that a history which cannot be written is only told."""
    from footprint.errors import RequestError
    from footprint.history.keep import history_file, keep

    try:
        keep(recording, history_file())
    except RequestError as error:
        note(f"this run is not in the history: {error}")
