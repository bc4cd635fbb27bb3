"""QEMU's release tags in order: which rule set serves for a release that has none of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TAG = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?")


def release(tag: str) -> tuple[int, int, int] | None:
    """The numbers of a release tag: ``v7.2.0`` is (7, 2, 0), and so is ``v7.2``; None for any other name."""
    match = _TAG.fullmatch(tag)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def serving(tag: str, names: Iterable[str]) -> str:
    """What to use for the release `tag`, for which `names` has no rule set; empty if `tag` is no release.

    A rule set is the state of QEMU from its release on, until the next one in `names`.
    """
    wanted = release(tag)
    known = sorted((numbers, name) for name in names if (numbers := release(name)))
    if wanted is None or not known or wanted in dict(known):
        return ""
    (oldest, first), (newest, last) = known[0], known[-1]
    if wanted < oldest:
        return f"the oldest release with a rule set is {first}"
    if wanted > newest:
        return f"the newest release with a rule set is {last}, which also serves later ones: use {last}"
    name = max((numbers, name) for numbers, name in known if numbers < wanted)[1]
    return f"{name} is the last rule set before that release and serves it, too: use {name}"
