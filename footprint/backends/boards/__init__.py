"""Boards: the one place where machines meet memory."""

from footprint.backends.boards.board import Board
from footprint.backends.boards.firmware import SeaBios
from footprint.backends.boards.pc import Pc
from footprint.backends.boards.pseries import Pseries
from footprint.backends.boards.q35 import Q35
from footprint.backends.boards.virt import Virt
from footprint.backends.boards.x86 import X86
from footprint.errors import RequestError

BOARDS: dict[str, type[Board]] = {"pseries": Pseries, "pc": Pc, "q35": Q35, "virt": Virt}
"""Boards by QEMU's ``-M`` name."""


def boot(board: Board) -> None:
    """Let the machine's firmware run. QEMU gives virt none unless told to, so nothing changes there."""
    if isinstance(board, X86):
        SeaBios(board).run()
    elif not isinstance(board, Virt):
        raise RequestError(f"the firmware of {board.topology.machine} is not modelled; that of pc and q35 is")
