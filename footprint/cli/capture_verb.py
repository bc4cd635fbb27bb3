"""``footprint capture``: save what a real QEMU reports about its memory."""

from __future__ import annotations

from pathlib import Path

import click

from footprint.cli.options import force_option, json_option
from footprint.cli.terminal import end_progress, note, print_json, progress


@click.command("capture")
@click.argument("command_line", metavar="-- QEMU ARGS", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-o", "out", metavar="FILE", required=True, type=click.Path(path_type=Path),
    help="The file to write; compressed if its name ends in .gz.",
)  # fmt: skip
@click.option("--from", "origin", metavar="FILE", help="Write the capture that stands in a text (- is standard input).")
@click.option("--qmp", "address", metavar="SOCKET", help="Attach to a running QEMU: its QMP socket, PATH or HOST:PORT.")
@click.option("--no-flat", is_flag=True, help="Do not read the views (see above); verify then cannot compare them.")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), metavar="SECONDS",
    help="The time limit of each step. Default: 60, with --qmp 10.",
)  # fmt: skip
@json_option
@force_option
def command(
    command_line: tuple[str, ...], out: Path, origin: str | None, address: str | None, time_limit: float | None,
    *, no_flat: bool, as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Start QEMU with ARGS, stopped before its firmware runs, and save what it reports about its memory.

    The file holds the memory tree, every view with its dispatch tree, the version, the process's memory by
    mapping, and when each view was created, released and freed. `footprint verify` compares it with the model.
    With --qmp the capture is of a guest that already runs; it keeps running. With --from it is what a mail or an
    issue holds, every repair listed; FILE#2 is the second machine of a text.

    Reading views costs the guest memory: QEMU (7.2 and at least up to 9.0) leaks every view that two address
    spaces share during an `info mtree -f`, once that view is replaced. A capture reads once; --no-flat avoids
    it (docs/reading.md).

    \b
    footprint capture -o pseries.json.gz -- qemu-system-ppc64 -M pseries -smp 4
    footprint capture -o running.json --qmp /run/guest/qmp.sock
    footprint capture -o mail.json --from mail.txt
    """
    from footprint.errors import RequestError
    from footprint.qemu_process.capture import SECONDS_TO_GREET, capture_running, capture_started, counts, encode
    from footprint.qemu_process.guest import SECONDS
    from footprint.recording.files import writable, write_bytes

    if bool(command_line) + bool(address) + bool(origin) != 1:
        raise RequestError("capture takes one of: a QEMU command line after --, --qmp SOCKET, --from FILE")
    path = writable(out, force=force)
    if origin:
        _write_from(origin, path, as_json=as_json)
        return
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
    counted = counts(document)
    trace = document.get("trace")
    if trace:
        counted |= {f"flatviews.{name}": trace[name] for name in ("created", "freed")}
    if as_json:
        about = {name: document[name] for name in ("command", "version", "status")}
        print_json({"written": str(path), **about, "counts": counted})
        return
    shown = ", ".join(f"{name} {value}" for name, value in counted.items())
    note(f"wrote {path}: QEMU {document['version']}, {document['status']}; {shown}")
    for reason in document.get("unread", []):
        note(f"not read: {reason}")


def _write_from(origin: str, path: Path, *, as_json: bool) -> None:
    """Write what the text `origin` holds in our form."""
    from footprint.qemu.capture import read_capture
    from footprint.qemu_process.capture import encode
    from footprint.recording.files import write_bytes

    capture = read_capture(origin)
    repairs, holes = list(capture.repairs), list(capture.holes)
    document = {"command": list(capture.command), **capture.texts, "from": origin, "repairs": repairs, "holes": holes}
    write_bytes(path, encode(document, packed=path.suffix == ".gz"))
    if as_json:
        print_json({"written": str(path), "answers": list(capture.texts), "repairs": repairs})
        return
    for repair in repairs:
        note(f"Repaired: {repair}")
    note(f"wrote {path}: {', '.join(capture.texts)}")
