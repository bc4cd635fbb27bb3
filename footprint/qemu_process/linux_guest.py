"""A small Linux for guests that must do something: Debian's cloud kernel, and an initramfs that loads virtio_mem.

The initramfs is made here: a static busybox, the kernel's own modules in the order in which they need each other, and a
script that loads them and sleeps. It is a cpio archive in the form ``newc`` (the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from footprint.errors import MeasurementError

PACKAGES = "linux-image-cloud-amd64 busybox-static"
MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_mem")
"""In the order in which they can be loaded."""
WORDS = "console=ttyS0 quiet panic=-1 memhp_default_state=online_movable"
"""What the kernel is told: memory that comes can go again."""
_DIRECTORY, _PROGRAM, _FILE = 0o040755, 0o100755, 0o100644


def kernel_image() -> Path:
    """The newest of Debian's cloud kernels that is installed and may be read; raises MeasurementError."""
    images = sorted(Path("/boot").glob("vmlinuz-*-cloud-amd64"), key=_numbers)
    if not images:
        raise MeasurementError(f"a real guest needs a kernel; install it with: apt install {PACKAGES}")
    return images[-1]


def initramfs(kernel: Path) -> bytes:
    """The archive for `kernel`; raises MeasurementError where something of it is missing."""
    busybox = shutil.which("busybox")
    folder = Path("/lib/modules", kernel.name.removeprefix("vmlinuz-"), "kernel", "drivers", "virtio")
    modules = [folder / f"{name}.ko" for name in MODULES]
    missing = [path for path in modules if not path.is_file()]
    if busybox is None or missing:
        raise MeasurementError(
            f"a real guest needs {'busybox' if busybox is None else missing[0]}; install: apt install {PACKAGES}"
        )
    script = "#!/bin/busybox sh\n" + "".join(f"/bin/busybox insmod /{path.name}\n" for path in modules)
    script += "while true; do /bin/busybox sleep 3600; done\n"
    entries = [
        ("bin", _DIRECTORY, b""),
        ("bin/busybox", _PROGRAM, Path(busybox).read_bytes()),
        ("init", _PROGRAM, script.encode()),
        *((path.name, _FILE, path.read_bytes()) for path in modules),
        ("TRAILER!!!", 0, b""),
    ]
    return b"".join(_entries(entries))


def _entries(entries: list[tuple[str, int, bytes]]) -> Iterator[bytes]:
    for number, (name, mode, content) in enumerate(entries, 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        yield head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]
