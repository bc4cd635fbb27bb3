"""A process that loads a flash image and waits: ``python -m footprint.process.flash_child FILE private|shared SIZE``.

``private`` reads the file into anonymous memory of its own, as QEMU does; ``shared`` maps the file, read-only. A SIZE
of 0 loads nothing. It says ``mapped START END`` in hex, and waits to be killed.
"""

from __future__ import annotations

import ctypes
import mmap
import signal
import sys
from pathlib import Path

CHUNK = 1 << 20


def load(path: Path, way: str, size: int) -> mmap.mmap:
    """The image in memory, every page of it touched."""
    if way == "shared":
        with path.open("rb") as file:
            image = mmap.mmap(file.fileno(), size, mmap.MAP_SHARED, mmap.PROT_READ)
        for page in range(0, size, mmap.PAGESIZE):
            image[page]
        return image
    image = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    image.madvise(mmap.MADV_DONTFORK)  # so that the kernel does not join it with a neighbour
    with path.open("rb") as file:
        for start in range(0, size, CHUNK):
            chunk = file.read(CHUNK)
            image[start : start + len(chunk)] = chunk
    return image


def main() -> int:
    """Load, tell, wait."""
    path, way, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    try:
        image = load(Path(path), way, size) if size else None
        start = _start_of(image, path, way) if image is not None else 0
    except (MemoryError, OSError) as error:
        print(f"memory ran out while {size} bytes were loaded ({error or 'MemoryError'})", flush=True)
        return 3
    print(f"mapped {start:x} {start + size:x}", flush=True)
    signal.pause()
    return 0


def _start_of(image: mmap.mmap, path: str, way: str) -> int:
    """Where the image begins in memory."""
    if way == "shared":  # read-only, so that ctypes may not look at it
        lines = Path("/proc/self/maps").read_text().splitlines()
        return next(int(line.split("-")[0], 16) for line in lines if path in line)
    return ctypes.addressof(ctypes.c_char.from_buffer(image))


if __name__ == "__main__":
    sys.exit(main())
