"""``footprint trace``: log every memory API call of a real QEMU's start-up."""

from __future__ import annotations

import gzip
from pathlib import Path

import click

from footprint.cli.options import force_option, json_option
from footprint.cli.terminal import end_progress, note, print_json, progress


@click.command("trace")
@click.argument("command_line", metavar="-- QEMU ARGS", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-o", "out", metavar="FILE", required=True, type=click.Path(path_type=Path),
    help="The file to write; compressed if its name ends in .gz.",
)  # fmt: skip
@click.option("--dispatch", is_flag=True, help="Also log each view's sections and nodes (QEMU 2.11 to 9.0).")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), default=120, show_default=True, metavar="SECONDS",
    help="The time limit of the whole start-up.",
)  # fmt: skip
@json_option
@force_option
def command(
    command_line: tuple[str, ...], out: Path, time_limit: float, *, dispatch: bool, as_json: bool, force: bool
) -> None:
    """Start QEMU with ARGS under gdb, and log every call of its memory API until its main loop begins.

    The binary needs no debug symbols and is not modified. `footprint verify` replays the log and compares every
    view; `footprint run` plays it under any rule set.

    \b
    footprint trace -o pc.txt.gz -- qemu-system-x86_64 -M pc
    footprint verify pc.txt.gz
    """
    from footprint.qemu_process.trace import trace
    from footprint.recording.files import writable, write_bytes

    path = writable(out, force=force)
    try:
        log = trace(command_line, dispatch=dispatch, seconds=time_limit, progress=progress())
    finally:
        end_progress()
    write_bytes(path, gzip.compress(log, mtime=0) if path.suffix == ".gz" else log)
    views, lines = log.count(b"NEWVIEW"), log.count(b"\n")
    if as_json:
        print_json({"written": str(path), "command": list(command_line), "lines": lines, "views": views})
    else:
        note(f"wrote {path}: {lines} lines, {views} views created")
