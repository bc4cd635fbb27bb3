"""Boards: the one place where machines meet memory."""

from footprint.backends.boards.board import Board
from footprint.backends.boards.pc import Pc
from footprint.backends.boards.pseries import Pseries
from footprint.backends.boards.q35 import Q35
from footprint.backends.boards.virt import Virt

BOARDS: dict[str, type[Board]] = {"pseries": Pseries, "pc": Pc, "q35": Q35, "virt": Virt}
"""Boards by QEMU's ``-M`` name."""
