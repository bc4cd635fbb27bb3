"""What sort of line of monitor text a line is: headings, beginnings, whole lines, prompts, what people put between.

See docs/qemu-memory.md, "Tree form", "Flat form", "Dispatch form", "Forms by version".
"""

from __future__ import annotations

import re

from footprint.qemu.lines import LONGEST_LINE

TREE, FLAT = "tree", "flat"
"""The two sorts of answers: that to ``info mtree`` without ``-f``, and with it."""

_PREFIX = r"(?P<prefix>[^\w\[(\"'`]{0,60}?)(?P<prompt>(?:\((?:qemu|gdb)\) ?)*)"
_HEADS = r"address-space:(?: |$)|memory-region: |FlatView #\d{1,9}\s*$|address-space \(flat view\): "
_HEAD = re.compile(rf"{_PREFIX}(?P<head>(?:{_HEADS}).*)")
_FIRST_LETTERS = re.compile(r"address-space|memory-region|FlatView #")
_PLACE = r"[0-9a-f]{8}(?:[0-9a-f]{8})?-[0-9a-f]{8}(?:[0-9a-f]{8})?"
# Possessive: a line of thousands of blanks is looked at once, not once for each way to part them.
_OVERFLOW = r"(?:\[DETECTED OVERFLOW!\] *+)?+"
_STARTS = {
    TREE: re.compile(rf" *+{_OVERFLOW}{_PLACE} \(prio"),
    FLAT: re.compile(
        rf" +(?:{_PLACE} \(prio|AS \"|Root memory region: |No rendered FlatView|Dispatch\s*$|Physical sections\s*$|"
        r"#\d{1,6} @[0-9a-f]|Nodes \(|\[\d{1,8}\]\s*$|\d{1,3}(?:\.\.\d{1,3})? +skip=)"
    ),
}
_CUT_START = re.compile(rf"  ++{_OVERFLOW}[0-9a-f]{{16}}-(?:[0-9a-f]{{16}})?(?: \(prio?)?")
_REGION = re.compile(
    rf" *+{_OVERFLOW}{_PLACE} \(prio -?\d{{1,10}}, (?:nv-)?(?:ramd|romd|ram|rom|i/o|container|RW|R-|-W|--)\): (\S.*)"
)
_WINDOW = re.compile(rf"alias .* @.+ {_PLACE}((?: \[disabled\])?(?: (?:owner|parent):\{{.*\}}| orphan)*)")
_SHOWN = re.compile(rf"@\S.* {_PLACE}$")
"""The window of an alias, whatever stands before it."""
_MAPPED = re.compile(r" (?:KVM|kvm|kvm:tcg|tcg:kvm)$")
"""What stands behind a range that an accelerator has mapped: the last of its line, but for an owner."""
_OFFSET_CUT = re.compile(r" @(?:[0-9a-f]{0,15}$|[0-9a-f]{4,15} )")
_MARK_CUT = re.compile(r" \[notdirty\]$| \[(?:[^\]]*$|(?!not dirty\])[^\]]* [^\]]*\]$)")
_OWNER = re.compile(r" (?:owner|parent):\{")
_OWNERS = re.compile(r".*?(?: (?:owner|parent):\{(?:dev|obj) (?:id|path|type)=[^\s{}]+\}){1,2}(?: [A-Za-z:-]+)?")
_SUFFIX = re.compile(
    r"(?:owner|parent):\{|\[(?:disabled|ROOT|iommu|MRU|not dirty|unassigned|watch|ROM)\]|@[0-9a-f]{16}(?: |$)|orphan$|"
    r"(?:KVM|kvm)\b"
)
_WHOLE = {
    "AS": re.compile(r' AS ".*", root: \S.*'),
    "Root": re.compile(r" Root memory region: \S.*"),
    "No": re.compile(r"  No rendered FlatView.*"),
    "#": re.compile(r" +#\d{1,6} @[0-9a-f]{16}\.\.[0-9a-f]{16} \S.*"),
    "Nodes": re.compile(r" +Nodes \(\d{1,2} bits per level, \d{1,2} levels\) ptr=\[\w+\] skip=\d{1,2}"),
    "entry": re.compile(r"\s*\d{1,3}(?:\.\.\d{1,3})? +skip=\d{1,2} +ptr=(?:NIL|#\d{1,8}|\[\d{1,8}\])"),
}
_NOTE = re.compile(
    r"(?P<line>.*?\S)(?P<note>\s+(?:<[-=~<]+|\u2190|\u21d0|//|/\*|# |-- |!!|\^).*|[ \t]{2,}\S.*|\t\S.*|\s+)"
)
_NOTE_BEGINS = re.compile(r"\s(?:[\s<\u2190\u21d0/#!^-]|\Z)|\t")
"""Something of it that is quickly looked for."""
_HOLE = re.compile(
    r"[\W_]*(?:\.{3,}|\u2026|[\[<(] ?(?:\.{3}|\u2026|(?:\.\.\. ?)?(?:snip\w*|cut|skip\w*|omit\w*|trunc\w*)"
    r"(?: ?\.\.\.)?) ?[\])>]|-+ ?snip ?-+|8<-*)[\W_]*|[\s>|]*[\[(<]?(?:\.{3,}|\u2026)[^(]{0,60}",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\binfo\s+mtree\b((?:\s+-[a-zA-Z]+)*)")
_PROMPT = re.compile(r"[^\w(]{0,60}\((?:qemu|gdb)\)(?:\s|$)")
_DAMAGED = re.compile(
    r"[\s>|]*(?:[0-9a-fA-FxOol]{6,}\s?-\s?[0-9a-fA-FxOol]{6,}|\(prio|address-space|memory-region|FlatView|AS \"|"
    r"Root memory|#\d+ @|Nodes? \(|\[\d+\]\s*$|\d+(?:\.\.\d+)? +skip=)|.*\(prio -?\d|.*skip=\d+ +ptr="
)
_SOMEWHERE = re.compile(rf"{_PLACE} \(prio -?\d|FlatView #\d|\bAS \"[^\"]*\", root: ")
_FENCE = re.compile(
    r"[\s>|]*(?:```|~~~|\"\"\"|'''|/\*|\*/|\{(?:noformat|code)[^}]{0,40}\}|</?(?:pre|code|tt)\b[^>]{0,80}>|\[/?(?:code|pre)\])\s*\w{0,20}\s*"
)
_SYSTEM = re.compile(r" *0{16}-f{16} \(prio 0, (?:i/o|RW|container)\): system(?: owner:| parent:|$)")
_OF_A_VIEW = re.compile(r"[\s>|]*(?:AS \"[^\"]*\", root: \S|Root memory region: \S)")
_POINTER = re.compile(r"[\s>|]*(?:[\^~][\^~\s|]*|\\ [^\\/()]* /\s*)")
_BLANK = re.compile(r"[\s>|*#/]*")
_QUOTE = re.compile(r"[\s>|]*")


def heading(text: str) -> tuple[str, str] | None:
    """What stands before a heading in `text` (without a prompt), and the heading; None where there is none."""
    if len(text) > LONGEST_LINE or not _FIRST_LETTERS.search(text):
        return None
    matched = _HEAD.fullmatch(text)
    if not matched:
        return None
    head = matched["head"].rstrip()
    return matched["prefix"], "address-space: " if head == "address-space:" else head  # some devices' have no name


def sort_of(head: str) -> str:
    """Which sort of answer has a heading like `head`."""
    return FLAT if head.startswith(("FlatView", "address-space (")) else TREE


def starts(text: str, sort: str) -> bool:
    """Whether `text` begins a line of the body of an answer of that sort."""
    return _STARTS[sort].match(text) is not None


def is_cut_start(text: str) -> bool:
    """Whether `text` is the beginning of a region's line, broken before its priority."""
    return _CUT_START.fullmatch(text.rstrip()) is not None


def lacks_a_window(text: str) -> bool:
    """Whether `text` is an alias whose window on its target is missing so far."""
    region = _REGION.fullmatch(text)
    return region is not None and f"{region[1]} ".startswith("alias ") and not _WINDOW.match(region[1])


def is_whole(text: str, sort: str) -> bool:
    """Whether `text` can stand as it is: nothing that must follow is missing."""
    if heading(text):
        return True
    region = _REGION.fullmatch(text)
    if region:
        rest = region[1]
        if sort == TREE and not _WINDOW.fullmatch(rest) and (rest.startswith("alias ") or _SHOWN.search(rest)):
            return False
        if sort == TREE and rest.rstrip() == "alias":
            return False
        if sort == FLAT and _OFFSET_CUT.search(rest):
            return False
        return not _OWNER.search(rest) or _OWNERS.fullmatch(rest) is not None
    return (
        sort == FLAT
        and not _MARK_CUT.search(text)
        and (
            text.strip() in ("Dispatch", "Physical sections")
            or (text.strip().startswith("[") and text.strip().endswith("]"))
            or any(pattern.fullmatch(text.rstrip()) for pattern in _WHOLE.values())
        )
    )


def steps_of(depths: set[int], roots: set[int]) -> dict[int, int] | None:
    """Where each of a block's `depths` belongs when roots stand below their headings and the rest four further right.

    QEMU prints it two further right. Either the roots alone lost their blanks, or each step was doubled; where a
    step of two stands elsewhere in the block, it was the roots. `roots` are the depths of all blocks' first lines.
    None where it is not of that form.
    """
    inner = depths - {0}
    if roots != {0} or not inner or min(inner) < 4:
        return None
    is_doubled = all(depth % 4 == 0 for depth in inner)
    return {depth: 2 + depth // 2 if is_doubled else max(2, depth) for depth in depths}


def is_suffix(text: str) -> bool:
    """Whether `text` begins with what QEMU prints behind a name, after a blank."""
    return _SUFFIX.match(text) is not None


def is_closed(text: str, sort: str) -> bool:
    """Whether `text` is whole and ends in what no name can go on after: an alias's window, an entry's pointer."""
    region = _REGION.fullmatch(text)
    if region is not None:
        return (_WINDOW.fullmatch(region[1]) if sort == TREE else _MAPPED.search(region[1])) is not None
    return sort == FLAT and any(_WHOLE[name].fullmatch(text.rstrip()) for name in ("No", "Nodes", "entry"))


def without_note(text: str) -> tuple[str, bool]:
    """A region's or range's line without the note that somebody wrote behind it, and whether there was one.

    A note begins with an arrow, a comment sign or several blanks; no name of QEMU's holds those.
    """
    at = text.find("): ")
    if at < 0 or "(prio " not in text[:at]:
        return text, False
    matched = _NOTE.fullmatch(text, at + 3) if _NOTE_BEGINS.search(text, at + 3) else None
    if not matched:
        return text, False
    return text[: at + 3] + matched["line"], bool(matched["note"].strip())


def is_hole(text: str) -> bool:
    """Whether `text` says that lines were left out here: ``...``, ``[snip]``."""
    return len(text) <= 80 and _HOLE.fullmatch(text) is not None


def is_damaged(text: str) -> bool:
    """Whether `text`, which is no line of an answer, looks as if it had been one: it must not be left out."""
    return _DAMAGED.match(text[:LONGEST_LINE]) is not None


def holds_a_line(text: str) -> bool:
    """Whether a line of an answer stands somewhere in `text`, whatever is before and behind it."""
    return len(text) <= LONGEST_LINE and _SOMEWHERE.search(text) is not None


def command_in(text: str) -> str | None:
    """The monitor command in `text`, where one was typed: ``info mtree -f -d``."""
    matched = _COMMAND.search(text) if len(text) <= LONGEST_LINE else None
    return " ".join(("info mtree" + matched[1]).split()) if matched else None


def is_prompt(text: str) -> bool:
    """Whether a monitor or a debugger waited for a command in this line."""
    return _PROMPT.match(text) is not None


def is_fence(text: str) -> bool:
    """Whether `text` begins or ends a piece of code: a fence of Markdown, of Jira, of HTML."""
    return len(text) <= LONGEST_LINE and _FENCE.fullmatch(text) is not None


def is_system(text: str) -> bool:
    """Whether `text` is the region of everything, which stands in no other: it is the root, however deep it stands."""
    return _SYSTEM.match(text) is not None


def is_part_of_a_view(text: str) -> bool:
    """Whether `text` can only stand in a view: an address space of it, or its root."""
    return _OF_A_VIEW.match(text) is not None


def is_pointer(text: str) -> bool:
    """Whether `text` only points at the line above it, or names what is pointed at: ``^^^^``, ``\\ the base /``."""
    return len(text) <= LONGEST_LINE and _POINTER.fullmatch(text) is not None


def is_blank(text: str) -> bool:
    """Whether nothing but quote and comment signs stands in `text`."""
    return _BLANK.fullmatch(text) is not None


def unquoted(text: str) -> str:
    """`text` without blanks and quote marks before it."""
    matched = _QUOTE.match(text)
    return text[matched.end() :] if matched else text
