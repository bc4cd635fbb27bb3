"""``footprint capture``: what a real QEMU says of itself, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from footprint.cli.options import end_progress, force_option, json_option, note, print_json, progress


@click.command("capture")
@click.argument("command_line", metavar="-- QEMU ARGS", nargs=-1, type=click.UNPROCESSED)
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), help="The file to write; .gz packs it.")
@click.option("--qmp", "address", metavar="SOCKET", help="Attach to this QMP socket (a path, or HOST:PORT) instead.")
@click.option("--no-flat", is_flag=True, help="Do not read the views (see above); verify then has nothing to compare.")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), metavar="SECONDS", help="For each step. Default: 60; attached: 10."
)
@json_option
@force_option
def command(
    command_line: tuple[str, ...], out: Path, address: str | None, time_limit: float | None,
    *, no_flat: bool, as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Start QEMU with ARGS, stopped before its firmware, and write down what it says of itself.

    The file holds the memory tree, every view with its dispatch, the version, the process's memory by
    mapping, and when each view was created, released and freed. `footprint verify` compares it with the
    model. With --qmp the guest is one that runs already; it is left running as it was.

    Reading is not free: QEMU (7.2 and at least up to 9.0) keeps every view that two address spaces share
    at the moment of an `info mtree -f`, for as long as it lives, once that view is replaced. A capture
    reads once. --no-flat reads without that cost (docs/reading.md).

    \b
    footprint capture -o pseries.json.gz -- qemu-system-ppc64 -M pseries -smp 4
    footprint capture -o running.json --qmp /run/guest/qmp.sock
    """
    from footprint.errors import RequestError
    from footprint.qemu_process.capture import SECONDS_TO_GREET, capture_running, capture_started, counts, encode
    from footprint.qemu_process.guest import SECONDS
    from footprint.recording.files import writable, write_bytes

    if bool(command_line) == bool(address):
        raise RequestError("capture takes a QEMU command line after --, or --qmp SOCKET")
    path = writable(out, force=force)
    show = progress()
    show(f"capture: {address or command_line[0]}")
    try:
        if address:
            document = capture_running(address, flat=not no_flat, seconds=time_limit or SECONDS_TO_GREET)
        else:
            document = capture_started(command_line, flat=not no_flat, seconds=time_limit or SECONDS)
    finally:
        end_progress()
    write_bytes(path, encode(document, packed=path.suffix == ".gz"))
    found = counts(document)
    trace = document.get("trace")
    if trace:
        found |= {f"flatviews.{name}": trace[name] for name in ("created", "freed")}
    if as_json:
        about = {name: document[name] for name in ("command", "version", "status")}
        print_json({"written": str(path), **about, "counts": found})
        return
    shown = ", ".join(f"{name} {value}" for name, value in found.items())
    note(f"wrote {path}: QEMU {document['version']}, {document['status']}; {shown}")
    for reason in document.get("unread", []):
        note(f"not read: {reason}")
