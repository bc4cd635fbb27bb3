"""Names for addresses of code in another process, from what it has mapped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from footprint.process.elf import Elf


@dataclass(frozen=True, slots=True)
class _Mapping:
    start: int
    end: int
    offset: int
    path: str


class CodeNames:
    """Names by the text of ``/proc/PID/maps``; a file that cannot be read names nothing."""

    def __init__(self, maps: str) -> None:
        self._mappings = []
        for line in maps.splitlines():
            span, rights, offset, _, _, *path = line.split(None, 5)
            if path and path[0].startswith("/") and "x" in rights:
                start, end = (int(word, 16) for word in span.split("-"))
                self._mappings.append(_Mapping(start, end, int(offset, 16), path[0]))
        self._files: dict[str, Elf | None] = {}

    def file(self, address: int) -> str:
        """The file that is mapped at `address`; empty for none."""
        mapping = self._mapping(address)
        return mapping.path if mapping is not None else ""

    def name(self, address: int) -> tuple[str, bool]:
        """The function at `address`, and whether that is its own name: else it is the nearest one before it."""
        mapping = self._mapping(address)
        if mapping is None:
            return "?", False
        if mapping.path not in self._files:
            try:
                self._files[mapping.path] = Elf(Path(mapping.path))
            except (OSError, ValueError):
                self._files[mapping.path] = None
        elf = self._files[mapping.path]
        place = elf.address(address - mapping.start + mapping.offset) if elf is not None else None
        if elf is None or place is None:
            return Path(mapping.path).name, False
        named = elf.function(place)
        return named.name, named.exact

    def _mapping(self, address: int) -> _Mapping | None:
        return next((row for row in self._mappings if row.start <= address < row.end), None)
