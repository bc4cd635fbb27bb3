"""Operation logs: every call on the memory API in one real start-up, in order (gdb breakpoints).

The grammar, one call a line::

    init KIND NAME#ID size=HEX [of TARGET#ID off=HEX]      AS_INIT 'NAME' root=NAME#ID
    add PARENT#ID @HEX <- CHILD#ID [prio=N]                del PARENT#ID -x CHILD#ID
    set_enabled|set_size|set_address|set_alias_offset|set_readonly|set_nonvolatile|
    rom_device_set_romd|set_log NAME#ID HEX                begin    commit
    listener_register    add_eventfd …    del_eventfd …
      NEWVIEW            DISP sections=USED/ALLOCATED nodes=USED/ALLOCATED

A NEWVIEW line stands for a view that QEMU created at that point, a DISP line for its dispatch. What
`commit` lines mean is the replay's business (docs/qemu-memory.md, "Operation logs").
Names may hold spaces; IDs are hex.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import InputFileError
from footprint.qemu.files import read_text

MOST_BYTES = 1 << 30
"""A larger log (unpacked) is refused."""
LONGEST_LINE = 4096

KINDS = ("container", "io", "ram", "ramres", "ramptr", "ramfile", "ramdev", "rom", "romdev", "iommu", "alias")
"""What a region can be initialised as; ``ramres``, ``ramptr`` and ``ramfile`` are RAM like ``ram``."""
SETTERS = (
    "set_enabled",
    "set_size",
    "set_address",
    "set_alias_offset",
    "set_readonly",
    "set_nonvolatile",
    "set_unmergeable",
    "rom_device_set_romd",
    "set_log",
)


@dataclass(frozen=True, slots=True)
class Name:
    """A region as a log names it: its name (None for a nameless one, ``?`` for one not initialised) and ID."""

    name: str | None
    id: str


class Call:
    """A call on the memory API."""

    __slots__ = ()

    @property
    def is_aftermath(self) -> bool:
        """Whether it belongs to what the call before it sets off: its commit, its views, their subpages."""
        return False


@dataclass(frozen=True, slots=True)
class Init(Call):
    """A region is initialised; an alias has a `target` and an `offset`."""

    line: int
    kind: str
    region: Name
    size: int
    target: Name | None = None
    offset: int = 0

    @property
    def is_aftermath(self) -> bool:
        """A nameless region made while views are generated is a subpage of a dispatch."""
        return self.kind == "io" and self.region.name is None


@dataclass(frozen=True, slots=True)
class SpaceInit(Call):
    """An address space is initialised."""

    line: int
    name: str
    root: Name


@dataclass(frozen=True, slots=True)
class Add(Call):
    """A region is placed in a container."""

    line: int
    parent: Name
    addr: int
    child: Name
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Del(Call):
    """A region is taken out of its container."""

    line: int
    parent: Name
    child: Name


@dataclass(frozen=True, slots=True)
class Set(Call):
    """One of SETTERS is called."""

    line: int
    setter: str
    region: Name
    value: int


@dataclass(frozen=True, slots=True)
class Plain(Call):
    """``begin`` or ``commit``."""

    line: int
    word: str

    @property
    def is_aftermath(self) -> bool:
        """A commit belongs to what came before it."""
        return self.word == "commit"


@dataclass(frozen=True, slots=True)
class NewView:
    """QEMU created a view; `dispatch` is (sections used, allocated, nodes used, allocated) where logged."""

    line: int
    dispatch: tuple[int, int, int, int] | None = None


Operation = Init | SpaceInit | Add | Del | Set | Plain | NewView


@dataclass(frozen=True, slots=True)
class OperationLog:
    """A log: where it came from, and its operations in order."""

    path: str
    operations: tuple[Operation, ...]

    @property
    def subpage_size(self) -> int | None:
        """The target's page size in bytes, if some view had a subpage: the size of its nameless region."""
        sizes = {op.size for op in self.operations if isinstance(op, Init) and op.is_aftermath}
        return next((size for size in sizes if 1 << 8 <= size <= 1 << 16 and size.bit_count() == 1), None)

    @property
    def views(self) -> int:
        """How many views QEMU created."""
        return sum(isinstance(operation, NewView) for operation in self.operations)


_NAME = r"(.*)#([0-9a-f]+)"
_HEX = r"0x([0-9a-f]+)"
_INIT = re.compile(rf"init ({'|'.join(KINDS)}) {_NAME} size={_HEX}")
_ALIAS = re.compile(rf"init alias {_NAME} size={_HEX} of {_NAME} off={_HEX}")
_SPACE = re.compile(rf"AS_INIT '(.*)' root={_NAME}")
_ADD = re.compile(rf"add {_NAME} @{_HEX} <- {_NAME}(?: prio=(\d+))?")
_DEL = re.compile(rf"del {_NAME} -x {_NAME}")
_SET = re.compile(rf"({'|'.join(SETTERS)}) {_NAME} {_HEX}")
_DISP = re.compile(r"DISP sections=(\d+)/(\d+) nodes=(\d+)/(\d+)")
_IGNORED = re.compile(r"(listener_register|listener_unregister|add_eventfd|del_eventfd)\b")


_FIRST_LINE = re.compile(rb"init [a-z]+ .*#|AS_INIT '|(?:begin|commit)[ \t]*(?:[\r\n]|$)|init .*\n?$")


def looks_like_a_log(head: bytes) -> bool:
    """Whether `head`, the unpacked beginning of a file, is an operation log's."""
    return _FIRST_LINE.match(head.lstrip()) is not None


def read_log(path: str | Path) -> OperationLog:
    """The operation log in `path`, plain or gzip; raises InputFileError with the line that is wrong."""
    text = read_text(Path(path), "an operation log", most=MOST_BYTES)
    operations: list[Operation] = []
    open_view: int | None = None
    lines = text.split("\n")
    if lines[-1] != "":
        raise InputFileError(path, "is cut off: the last line has no end", line=len(lines))
    for number, line in enumerate(lines[:-1], 1):
        line = line.rstrip("\r")
        if len(line) > LONGEST_LINE:
            raise InputFileError(path, f"the line has {len(line)} characters; at most {LONGEST_LINE}", line=number)
        disp = _DISP.fullmatch(line.strip())
        if disp:
            if open_view is None:
                raise InputFileError(path, "DISP stands without the NEWVIEW before it", line=number)
            used, allocated, nodes, nodes_allocated = map(int, disp.groups())
            operations[open_view] = NewView(operations[open_view].line, (used, allocated, nodes, nodes_allocated))
            open_view = None
            continue
        operation = _parse(line, number)
        if operation is not None:
            if isinstance(operation, NewView):
                open_view = len(operations)
            elif not operation.is_aftermath:
                open_view = None
            operations.append(operation)
        elif line.strip() and not _IGNORED.match(line):
            shown = line if len(line) <= 60 else line[:57] + "..."
            raise InputFileError(path, f"is not an operation: {shown!r}", line=number)
    if not operations:
        raise InputFileError(path, 'holds no operation; expected lines such as "init container system#1 size=0x1000"')
    return OperationLog(str(path), tuple(operations))


def _parse(line: str, number: int) -> Operation | None:
    match line.split(" ", 1)[0] if line else "":
        case "commit" | "begin" as word if line == word:
            return Plain(number, word)
        case "init":
            return _parse_init(line, number)
        case "AS_INIT":
            if matched := _SPACE.fullmatch(line):
                return SpaceInit(number, matched[1], _name(matched[2], matched[3]))
        case "add":
            if matched := _ADD.fullmatch(line):
                priority = int(matched[6] or 0)
                signed = priority - (1 << 32) if priority >= 1 << 31 else priority
                return Add(
                    number, _name(matched[1], matched[2]), int(matched[3], 16), _name(matched[4], matched[5]), signed
                )
        case "del":
            if matched := _DEL.fullmatch(line):
                return Del(number, _name(matched[1], matched[2]), _name(matched[3], matched[4]))
        case "":
            if line.strip() == "NEWVIEW":
                return NewView(number)
        case _:
            if matched := _SET.fullmatch(line):
                return Set(number, matched[1], _name(matched[2], matched[3]), int(matched[4], 16))
    return None


def _parse_init(line: str, number: int) -> Init | None:
    if matched := _ALIAS.fullmatch(line):
        target = _name(matched[4], matched[5])
        return Init(number, "alias", _name(matched[1], matched[2]), int(matched[3], 16), target, int(matched[6], 16))
    matched = _INIT.fullmatch(line)
    if matched and matched[1] != "alias":
        return Init(number, matched[1], _name(matched[2], matched[3]), int(matched[4], 16))
    return None


def _name(name: str, identity: str) -> Name:
    return Name(None if name == "(null)" else name, identity)
