"""The process probe: what the operating system says of the measuring process (psutil)."""

from __future__ import annotations

import psutil


class ProcessProbe:
    """Reads resident, unique and proportional memory, in bytes."""

    name = "process"
    intrusive = False
    what = "memory of the measuring process, by psutil"

    def __init__(self) -> None:
        self._process = psutil.Process()

    def read(self) -> dict[str, int]:
        """``process.rss``, ``.uss`` and ``.pss``."""
        memory = self._process.memory_full_info()
        return {"process.rss": memory.rss, "process.uss": memory.uss, "process.pss": memory.pss}
