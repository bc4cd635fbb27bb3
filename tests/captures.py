"""The captures and logs in tests/data, and ways to write new ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
CAPTURES = sorted((DATA / "captures").glob("*.json.gz"))
LOGS = sorted((DATA / "oplogs").glob("*.txt.gz"))
TREE = "info mtree -o -D"
FLAT = "info mtree -f -d"


def named(name: str) -> Path:
    """The capture of that name, without its ending."""
    return DATA / "captures" / f"{name}.json.gz"


def load(path: Path) -> dict[str, Any]:
    """A capture file's JSON, with LF line ends."""
    data: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return {key: value.replace("\r", "") if isinstance(value, str) else value for key, value in data.items()}


def save(path: Path, tree: str, flat: str, **more: Any) -> Path:
    """Write a capture with these answers."""
    path.write_text(json.dumps({"command": ["qemu-system-x86_64"], TREE: tree, FLAT: flat} | more))
    return path


SMALL_TREE = """\
address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, i/o): system
    0000000000000000-0000000000000fff (prio 0, ram): ram

"""
SMALL_FLAT = """\
FlatView #0
 AS "memory", root: system
 Root memory region: ram
  0000000000000000-0000000000000fff (prio 0, ram): ram

"""
