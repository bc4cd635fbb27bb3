"""Which commit and branch are checked out, read from git's own files: starting git takes longer than keeping a run.

The files are those of gitrepository-layout(5). A repository in the reftable format says nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH, _POINTER, _LINK = "refs/heads/", "ref: ", "gitdir: "


@dataclass(frozen=True, slots=True)
class CommitAndBranch:
    """What is checked out: the `commit` (its whole hash) and the `branch`; empty where there is none."""

    commit: str = ""
    branch: str = ""


def checkout_of(folder: Path) -> CommitAndBranch:
    """What is checked out in the repository that `folder` lies in; changes that are not committed are not seen."""
    try:
        git = _git_folder(folder.absolute())
        if git is None:
            return CommitAndBranch()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith(_POINTER):
            return CommitAndBranch(_hash(head))
        ref = head.removeprefix(_POINTER)
        branch = ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) else ""
        return CommitAndBranch(_commit_of(git, ref), branch)
    except (OSError, ValueError):
        return CommitAndBranch()


def _git_folder(folder: Path) -> Path | None:
    """The repository's own folder; a worktree and a submodule have a file that names it."""
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            return place / git.read_text().strip().removeprefix(_LINK)
    return None


def _commit_of(git: Path, ref: str) -> str:
    """The commit that `ref` names, or nothing before the first commit; a worktree shares its refs with the others."""
    shared = git / "commondir"
    home = git / shared.read_text().strip() if shared.is_file() else git
    for place in (git / ref, home / ref):
        if place.is_file():
            return _hash(place.read_text().strip())
    packed = home / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((_hash(line.removesuffix(f" {ref}")) for line in lines if line.endswith(f" {ref}")), "")


def _hash(text: str) -> str:
    return text if _HASH.fullmatch(text) else ""
