"""The devices on a QEMU's command line, and how ``-o`` names them in what it prints."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise

_OWNER = re.compile(r":\{\w+ (?:id=([^}]+)|path=(/machine/peripheral(?:-anon)?/[^/}]+)[^}]*)\}")


def device_path(owner: str | None) -> str:
    """The path in QEMU's object tree of the device that `owner`, a text of ``-o``, names; empty where it names none."""
    named = _OWNER.search(owner or "")
    return "" if named is None else named[2] or f"/machine/peripheral/{named[1]}"


def device_types(command: Sequence[str]) -> dict[str, str]:
    """The types of the devices on a QEMU's command line, by their paths in its object tree."""
    types: dict[str, str] = {}
    nameless = 0
    for option, text in pairwise(command):
        if option not in ("-device", "--device"):
            continue
        kind, name = _device(text)
        if name:
            types[f"/machine/peripheral/{name}"] = kind
        else:
            types[f"/machine/peripheral-anon/device[{nameless}]"] = kind
            nameless += 1
    return types


def _device(text: str) -> tuple[str, str]:
    """The type and the id in the value of ``-device``, which may be JSON; the id is empty where there is none."""
    if text.startswith("{"):
        try:
            given = json.loads(text)
        except ValueError:
            return "", ""
        return str(given.get("driver", "")), str(given.get("id", ""))
    kind, *properties = text.split(",")
    values = dict(part.partition("=")[::2] for part in properties)
    return kind.removeprefix("driver="), values.get("id", "")
