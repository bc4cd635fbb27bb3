"""``footprint bisect``: the commit of a QEMU checkout at which a gate begins to fail."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import json_option
from footprint.cli.terminal import end_progress, note, print_json, progress, say_wrapped

if TYPE_CHECKING:
    from footprint.bisect.judge import Judgement


@click.command("bisect")
@click.argument("gate", metavar="-- GATE ARGUMENTS", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--good", metavar="REV", required=True, help="A commit at which the gate says yes.")
@click.option("--bad", metavar="REV", required=True, help="A later one at which it says no.")
@click.option(
    "--repo", metavar="FOLDER", default=".", show_default=True, type=click.Path(path_type=Path),
    help="The checkout to search, without changes that are not committed.",
)  # fmt: skip
@click.option("--build", metavar="COMMAND", required=True, help="The shell command that builds what is checked out.")
@click.option(
    "--run", "words", metavar="WORDS", default="",
    help="Record this with `footprint run` after each build; the gate judges the recording. Without it, the gate's "
    "arguments name what the build command made.",
)  # fmt: skip
@json_option
def command(
    gate: tuple[str, ...], good: str, bad: str, repo: Path, build: str, words: str, *, as_json: bool
) -> None:  # fmt: skip
    """Find the first commit at which `footprint gate ARGUMENTS` says no, with git bisect.

    First both ends are built and judged. A commit that does not build, or cannot be recorded or judged, is skipped. All
    commands run in the checkout's FOLDER. At the end, also after Ctrl-C, what was checked out before is checked out
    again; files that the builds made stay.

    Exits 0 when the commit is found, and 3 when only commits remain that cannot be judged.

    \b
    footprint bisect --repo ~/qemu --good v9.1.0 --bad v9.2.0 --build 'make -C build -j8' \\
      --run 'pc -s devices=3xvirtio-net-pci -b qemu --qemu build/qemu-system-x86_64' \\
      -- --budget 'flatviews.alive<=4'
    """
    from footprint.bisect.judge import Judge
    from footprint.bisect.search import first_bad
    from footprint.errors import RequestError

    try:
        run = tuple(shlex.split(words))
    except ValueError as error:
        raise RequestError(f"--run {words!r} is not a command line: {str(error).lower()}") from None
    judge = Judge(repo.absolute(), build, gate, run)
    try:
        result = first_bad(good, bad, judge, progress(), _say)
    finally:
        end_progress()
    skipped = sum(judgement.answer == "skip" for judgement in result.judged)
    if as_json:
        print_json({"schema": "footprint.bisect/1"} | asdict(result))
        return
    say_wrapped(f"first bad commit: {result.commit}", colour="red")
    say_wrapped(f"{result.subject} ({result.author}, {result.date})", indent="  ", hang="  ")
    say_wrapped(result.reason, indent="  ", hang="  ")
    note(f"{len(result.judged)} commits judged" + (f", {skipped} of them skipped" if skipped else ""))


def _say(judgement: Judgement) -> None:
    end_progress()
    note(f"{judgement.commit[:12]} {judgement.answer}: {judgement.reason}")
