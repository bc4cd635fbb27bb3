"""The modules of a QEMU that stands elsewhere than it was built for.

A QEMU looks for its modules (``hw-display-qxl.so`` …) in the one folder it was built for, and aborts on those of
another build. A QEMU that was unpacked elsewhere is told where its own are; a heap that is watched keeps the others
away (``heap_watch.c``).
"""

from __future__ import annotations

import shutil
from pathlib import Path


def modules_of(program: str) -> dict[str, str]:
    """What the environment of `program` has to say of its modules; empty where it stands where it should."""
    path = shutil.which(program)
    if path is None:
        return {}
    prefix = Path(path).resolve().parents[1]
    if str(prefix) in ("/usr", "/usr/local"):
        return {}
    folders = [folder for folder in (*prefix.glob("lib/*/qemu"), prefix / "lib/qemu") if folder.is_dir()]
    own = {"QEMU_MODULE_DIR": str(folders[0])} if folders else {}
    return {"FOOTPRINT_MODULES": str(prefix), **own}
