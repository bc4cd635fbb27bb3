"""``footprint leaks qemu:DEVICE``, ``leaks qemu --do … --undo …`` and ``leaks qemu --all-devices``: in a real QEMU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import check_belong
from footprint.cli.terminal import progress, say

if TYPE_CHECKING:
    from footprint.leaks.plan import Plan
    from footprint.leaks.qemu_sweep import DeviceSweep
    from footprint.leaks.qemu_target import QemuTarget
    from footprint.verdict.compared import Compared
    from footprint.verdict.verdict import Verdict

_WORDS = "footprint.leaks.qemu_words"
KEEP = Path("reports/leaks-qemu")


@dataclass(frozen=True, slots=True)
class QemuWords:
    """What the command line says for a target in a real QEMU; None where it says nothing."""

    machine: str | None = None
    before: str | None = None
    after: str | None = None
    do: str | None = None
    undo: str | None = None
    all_devices: bool = False
    against: str | None = None
    keep: Path | None = None
    restart: bool = False
    only: str | None = None
    count_views: bool = False

    def given(self) -> dict[str, bool]:
        """Each option of a target in a real QEMU alone, and whether it was given."""
        names = (name for name in self.__slots__ if name != "count_views")
        return {f"--{name.replace('_', '-')}": bool(getattr(self, name)) for name in names}


def _kept(context: click.Context, param: click.Parameter, value: Any) -> None:
    context.meta.setdefault(_WORDS, {})[param.name] = value


def qemu_words(context: click.Context) -> QemuWords:
    """What the options of `qemu_options` were given."""
    return QemuWords(**context.meta.get(_WORDS, {}))


def qemu_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of targets in a real QEMU; `qemu_words` has their values."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _kept}
    path = click.Path(path_type=Path, file_okay=False)
    for option in reversed(
        (
            click.option("--machine", metavar="NAME", help="With qemu: the machine. Default: the usual one.", **kept),
            click.option("--before", metavar="JSON", help="With qemu: QMP commands before the first cycle.", **kept),
            click.option("--after", metavar="JSON", help="With qemu: QMP commands after the last cycle.", **kept),
            click.option("--do", metavar="JSON", help="With qemu: QMP commands of a cycle, or a monitor line.", **kept),
            click.option("--undo", metavar="JSON", help="With qemu: the commands that undo them.", **kept),
            click.option("--all-devices", is_flag=True, help="With qemu: every device that can be plugged.", **kept),
            click.option("--only", metavar="NAMES", help="With --all-devices: only these, comma-separated.", **kept),
            click.option(
                "--against",
                metavar="PATH|PIN",
                help="Measure there, too, and compare: another Python, or 'PKG==VERSION', which is installed for it; "
                "of -- PROG another program; with qemu another QEMU.",
                **kept,
            ),
            click.option(
                "--keep",
                metavar="DIR",
                type=path,
                help=f"With --all-devices: keep answers there. Default: {KEEP}.",
                **kept,
            ),
            click.option(
                "--restart", is_flag=True, help="With --all-devices: forget what was measured before.", **kept
            ),
            click.option(
                "--count-views",
                is_flag=True,
                help="With qemu and -b qemu: have gdb count views, for a QEMU built without log trace events.",
                **kept,
            ),
        )
    ):
        command = option(command)
    return command


def is_qemu_word(word: str) -> bool:
    """Whether a target is in a real QEMU."""
    return word == "qemu" or word.startswith("qemu:")


def qemu_verdict(word: str, program: str | None, words: QemuWords, plan: Plan, seconds: float) -> Verdict:
    """The verdict on a device or a pair of commands; raises RequestError or MeasurementError."""
    from footprint.leaks.qemu_measure import measure_qemu

    return measure_qemu(_target(word, program, words), plan, seconds, progress())


def qemu_compared(
    word: str, program: str | None, words: QemuWords, plan: Plan, seconds: float
) -> tuple[Compared, list[dict[str, Any]]]:
    """The same in this QEMU and in the one it is compared with; raises as `qemu_verdict`, and says in which."""
    from dataclasses import replace

    from footprint.cli.leaks_against import qemus_compared
    from footprint.errors import MeasurementError
    from footprint.leaks.qemu_measure import measure_qemu
    from footprint.process.child import find_program

    target, show = _target(word, program, words), progress()
    both = (target.program, words.against or target.program)
    for each in both:
        find_program(each)  # before either is measured

    def measured(qemu: str) -> Verdict:
        try:
            return measure_qemu(replace(target, program=qemu), plan, seconds, lambda text: show(f"{qemu}: {text}"))
        except MeasurementError as error:
            raise MeasurementError(f"with {qemu}: {error}") from None

    return qemus_compared(*both, measured)


def _target(word: str, program: str | None, words: QemuWords) -> QemuTarget:
    from footprint.errors import RequestError
    from footprint.leaks.qemu_target import PAIR, USUAL, QemuTarget, device_words
    from footprint.qemu_process.qmp_pair import read_commands

    given = words.given()
    of_sweep = {name: given[name] for name in ("--only", "--keep", "--restart")}
    of_pair = {name: given[name] for name in ("--do", "--undo", "--all-devices")}
    check_belong(
        *(() if words.all_devices else ((of_sweep, "--all-devices"),)),
        *(() if word == PAIR else ((of_pair, "leaks qemu, without a device"),)),
    )
    more: dict[str, Any] = {"count_views": words.count_views}
    before, after = (
        read_commands(text, option) if text is not None else ()
        for text, option in ((words.before, "--before"), (words.after, "--after"))
    )
    program = program or USUAL
    if word != PAIR:
        device, properties = device_words(word)
        return QemuTarget(word, program, words.machine, device, properties, before, after, **more)
    if words.all_devices:
        if words.do is not None or words.undo is not None:
            raise RequestError("--all-devices plugs and unplugs; --do and --undo go without it")
        return QemuTarget(word, program, words.machine, before=before, after=after, **more)
    if words.do is None:
        raise RequestError(
            "leaks qemu needs --do JSON, and mostly --undo JSON; or --all-devices; or name a device: qemu:nvme"
        )
    do, undo = (read_commands(text, option) for text, option in ((words.do, "--do"), (words.undo or "[]", "--undo")))
    return QemuTarget(word, program, words.machine, before=before, after=after, do=do, undo=undo, **more)


def qemu_sweep(
    word: str, program: str | None, words: QemuWords, plan: Plan, seconds: float
) -> tuple[dict[str, Any], int]:
    """Sweep, print what came of it unless asked for JSON, and give the document and the exit code."""
    from footprint.leaks.qemu_sweep import SCHEMA, changes, sweep_devices

    target = _target(word, program, words)
    folder, names = words.keep or KEEP, tuple(filter(None, (words.only or "").split(",")))

    def swept(of: QemuTarget) -> DeviceSweep:
        return sweep_devices(of, folder, plan, seconds, progress(), force=words.restart, only=names)

    sweep = swept(target)
    document: dict[str, Any] = {"schema": SCHEMA, **sweep.document()}
    if words.against is None:
        return document, int(any(row.answer in ("leak", "crash") for row in sweep.rows))
    from dataclasses import replace

    other = swept(replace(target, program=words.against))
    changed = changes(other, sweep)
    document |= {"against": other.document(), "changes": [change.document() for change in changed]}
    return document, int(any(change.is_worse for change in changed))


def show_sweep(document: dict[str, Any]) -> None:
    """The sweep of `qemu_sweep` in words."""
    from footprint.leaks.qemu_sweep import DeviceRow, DeviceSweep, changes
    from footprint.leaks.qemu_sweep_text import change_lines, sweep_lines

    def sweep_of(part: dict[str, Any]) -> DeviceSweep:
        rows = tuple(DeviceRow(**row) for row in part["devices"])
        return DeviceSweep(part["program"], part["version"], part["machine"], rows)

    sweep = sweep_of(document)
    for line in sweep_lines(sweep):
        say(line)
    if "against" in document:
        say("")
        other = sweep_of(document["against"])
        for line in change_lines(other, sweep, changes(other, sweep)):
            say(line)
