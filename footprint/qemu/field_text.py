"""Answers to ``info mtree`` found in a foreign text: a mail, an issue, a terminal's log.

Whatever stands around is taken off where that is certain (quote marks, indentation, prompts, fences, notes, line
breaks), and reported; what is left out is named. A line that is neither an answer's nor surely something else is
an error with its number, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.qemu import answer_lines as kinds
from footprint.qemu.answer_lines import TREE
from footprint.qemu.lines import Source, widened
from footprint.qemu.missing_headings import with_headings
from footprint.qemu.old_headings import bare_headings
from footprint.qemu.plain_text import PlainLine
from footprint.qemu.rewrap import BrokenLine, LinePiece, rewrap

_BELOW_A_HEADING = 'below a heading such as "address-space: memory"'
ONCE = ("memory", "I/O")
"""Address spaces that every QEMU makes once: where one stands twice, there are two machines."""


@dataclass(frozen=True, slots=True)
class PrintedAnswer:
    """One answer, as QEMU printed it: its `sort` (tree or flat), `text`, and each line's number in the file.

    `holes` are the lines that say that something was left out here; `command` is the one typed, where it stands
    there, and `title` the line of prose before it. `repairs` says what was done to get it.
    """

    sort: str
    text: str
    numbers: tuple[int, ...]
    last: int
    command: str | None = None
    title: str = ""
    holes: tuple[int, ...] = ()
    repairs: str = ""

    @property
    def first(self) -> int:
        """The number of its first line."""
        return self.numbers[0]


@dataclass(slots=True)
class FoundAnswers:
    """The answers in a text, the numbers of the lines that belong to none and are not empty, and what was repaired."""

    answers: list[PrintedAnswer] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


def find_answers(lines: Sequence[PlainLine], source: Source) -> FoundAnswers:
    """The answers in `lines`. Raises InputFileError for a line that can be read in several ways."""
    lines, repairs = with_headings(lines)
    walker = _Walker(source, bare_headings(lines))
    walker.found.repairs = repairs
    for line in lines:
        walker.read(line)
    walker.end_answer()
    if not walker.found.answers:
        _refuse_lines_without_a_heading(lines, walker.headless, source)
    return walker.found


def _refuse_lines_without_a_heading(lines: Sequence[PlainLine], headless: PlainLine | None, source: Source) -> None:
    """Raise for the first line of a text without answers that could be part of one, behind a comment sign, say."""
    first = headless or next((line for line in lines if kinds.holds_a_line(line.text)), None)
    if first is not None:
        raise source.unexpected(first.text, _BELOW_A_HEADING, first.number)


@dataclass(slots=True)
class _Block:
    """What stands below one heading, or several: raw lines of its body, joined later."""

    prefix: str
    headings: list[tuple[int, str]]
    body: list[BrokenLine] = field(default_factory=list)
    is_old: bool = False
    is_over: bool = False
    foreign: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    sort: str
    command: str | None
    title: str
    blocks: list[_Block] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    blank_inside: int = 0
    last: int = 0

    def heads(self) -> set[str]:
        return {head for block in self.blocks for _, head in block.headings}


class _Walker:
    """Reads lines one by one; an answer is open from its first heading to the next command, or the next answer."""

    def __init__(self, source: Source, bare: dict[int, tuple[str, str]]) -> None:
        self.source = source
        self.found = FoundAnswers()
        self._bare = bare
        self.headless: PlainLine | None = None
        self._draft: _Draft | None = None
        self._command: str | None = None
        self._prose = ""
        self._interrupted = False
        self._blank = False

    def read(self, line: PlainLine) -> None:
        """Take the next line of the text."""
        text = line.text.expandtabs() if "\t" in line.text else line.text
        block = self._block()
        bare = self._bare.get(line.number)
        if block is not None and bare is None and self._begins(text, block):  # no other kind of line begins so
            self._line(line, text, block)
            return
        head = bare or kinds.heading(text)
        if head and not head[1]:
            self._blank = False
        elif head:
            self._head(line.number, *head, is_old=bare is not None)
        elif kinds.is_blank(text):
            self._blank = True
        elif (command := kinds.command_in(text)) is not None:
            self.end_answer()
            self._command = command
            if not kinds.is_prompt(text):
                self._prose = text
            self.found.left_out += [] if kinds.is_prompt(text) else [line.number]
        elif kinds.is_prompt(text):
            self.end_answer()
        elif kinds.is_fence(text):
            self._end_block()
            self._interrupted = True
        elif kinds.is_pointer(text):
            self.found.left_out.append(line.number)
        else:
            self._body(line, text, block)

    # Section: headings

    def _head(self, number: int, prefix: str, head: str, *, is_old: bool) -> None:
        sort = kinds.sort_of(head)
        block = self._block()
        goes_on = (
            block is not None and not block.body and sort == TREE and not self._blank and not is_old
            and head.startswith("address-space: ") and block.headings[0][1].startswith("address-space: ")
        )  # fmt: skip
        if goes_on and block is not None:
            block.headings.append((number, head))
            return
        if self._draft is not None and self._is_another(sort, head):
            self.end_answer()
        if self._draft is None:
            self._draft = _Draft(sort, self._command, self._prose.strip())
            self._command = None
        self._draft.blocks.append(_Block(prefix, [(number, head)], is_old=is_old))
        self._draft.last = number
        self._blank = self._interrupted = False

    def _is_another(self, sort: str, head: str) -> bool:
        """Whether a heading belongs to another answer than the one that is open."""
        draft = self._draft
        assert draft is not None, "asked only while an answer is open"
        last = draft.blocks[-1].headings[-1][1]
        if sort != draft.sort or (head.startswith("address-space: ") and last.startswith("memory-region: ")):
            return True
        if head.startswith("FlatView #") and last.startswith("FlatView #"):
            return int(head[10:]) <= int(last[10:])
        return self._interrupted and head in draft.heads()

    # Section: bodies

    def _block(self) -> _Block | None:
        """The block whose lines may go on."""
        if self._draft is None or self._draft.blocks[-1].is_over:
            return None
        return self._draft.blocks[-1]

    def _begins(self, text: str, block: _Block) -> bool:
        """Whether `text` begins a line of the open block's body."""
        assert self._draft is not None, "asked only while an answer is open"
        return text.startswith(block.prefix) and kinds.starts(text[len(block.prefix) :], self._draft.sort)

    def _line(self, line: PlainLine, text: str, block: _Block) -> None:
        """Take a line of the open block's body, whole or its beginning."""
        draft = self._draft
        assert draft is not None, "asked only while an answer is open"
        if draft.sort == TREE and "\t" in line.text:
            self._check_tab(line)
        if block.foreign:
            raise self.source.error(
                "the line stands between the lines of an answer, and is none of them; take it out", block.foreign[0]
            )
        draft.blank_inside += self._blank and bool(block.body)
        block.body.append(BrokenLine([LinePiece(line.number, text, text[len(block.prefix) :])]))
        self._blank = False
        draft.last = line.number

    def _body(self, line: PlainLine, text: str, block: _Block | None) -> None:
        draft = self._draft
        if draft is None or block is None:
            if kinds.is_hole(text):
                self.found.left_out.append(line.number)
                return
            if draft is None and self.headless is None and kinds.starts(kinds.unquoted(text), TREE):
                self.headless = line
            begun = draft is not None or bool(self.found.answers) or kinds.starts(kinds.unquoted(text), TREE)
            if kinds.is_part_of_a_view(text):
                raise self.source.unexpected(text, 'below a heading such as "FlatView #0"', line.number)
            if begun and kinds.is_damaged(text) and not self._interrupted:
                raise self.source.unexpected(text, _BELOW_A_HEADING, line.number)
            self._leave_out(line, text)
            return
        inside = text[len(block.prefix) :] if text.startswith(block.prefix) else None
        previous = block.body[-1].pieces[-1].text if block.body else ""
        is_cut_start = inside is not None and draft.sort == TREE and kinds.is_cut_start(inside)
        if is_cut_start and not kinds.lacks_a_window(previous):
            self._line(line, text, block)
            return
        if kinds.is_hole(text):
            draft.holes.append(line.number)
            self._blank = False
            return
        if self._blank or not block.body:
            if kinds.is_damaged(text):
                raise self.source.unexpected(text, self._expected(draft), line.number)
            self._leave_out(line, text)
            block.foreign.append(line.number)
            return
        more = kinds.unquoted(text) if inside is None or inside.startswith("  ") else inside
        block.body[-1].pieces.append(LinePiece(line.number, text, more.lstrip() if more.startswith("  ") else more))
        self._blank = False
        draft.last = line.number

    def _expected(self, draft: _Draft) -> str:
        """What a line of the body of `draft` looks like."""
        return (
            'a region such as "  START-END (prio 0, ram): NAME"'
            if draft.sort == TREE
            else 'a range such as "  START-END (prio 0, ram): NAME"'
        )

    def _check_tab(self, line: PlainLine) -> None:
        """Refuse a tab behind a quote mark: how far it indents depends on which came first."""
        before = line.text[: len(line.text) - len(kinds.unquoted(line.text))]
        if "\t" in before and before.strip():
            raise self.source.error("a tab behind a quote mark: how deep the region stands is not certain", line.number)

    def _leave_out(self, line: PlainLine, text: str) -> None:
        self.found.left_out.append(line.number)
        self._prose = text
        self._interrupted = True

    # Section: ends

    def _end_block(self) -> None:
        block = self._block()
        if block is not None:
            block.is_over = True
        self._blank = False

    def end_answer(self) -> None:
        """What is open is complete: join its lines, and keep it."""
        draft, self._draft = self._draft, None
        self._blank = self._interrupted = False
        if draft is None:
            return
        if draft.sort == TREE and not any(block.body for block in draft.blocks):  # names alone, as a list of spaces
            self.found.left_out += [number for block in draft.blocks for number, _ in block.headings]
            return
        if draft.sort == TREE and draft.holes and all(len(block.body) < 2 for block in draft.blocks):
            raise self.source.error("nothing is left of the tree below its roots", draft.holes[0])
        self.found.answers.append(_finished(draft, self.source, self.found.left_out))


def _finished(draft: _Draft, source: Source, left_out: list[int]) -> PrintedAnswer:
    """The answer of `draft`: lines joined, notes and prefixes taken off."""

    def refuse(reason: str, line: int) -> Exception:
        return source.error(reason, line)

    lines: list[tuple[int, str]] = []
    notes: list[int] = []
    narrow = 0
    for block in draft.blocks:
        if block.body:
            block.body[-1].is_last = True
    bodies = [line for block in draft.blocks for line in block.body]
    joined = rewrap(bodies, draft.sort, refuse)  # type: ignore[arg-type]
    at = 0
    roots = {_depth(block.body[0].pieces[0].text) for block in draft.blocks if block.body}
    for block in draft.blocks:
        body = joined.lines[at : at + len(block.body)]
        at += len(block.body)
        lines += block.headings
        shift = _shift(block, body, draft, roots, source)
        is_new_tree = draft.sort == TREE and not block.is_old
        steps = kinds.steps_of({_depth(text) for _, text in body}, roots) if is_new_tree else None
        for number, text in body:
            clean, noted = kinds.without_note(text)
            notes += [number] if noted else []
            if steps is not None:
                shifted = " " * steps[_depth(clean)] + clean.lstrip(" ")
            else:
                shifted = " " * shift + clean if shift > 0 else clean[-shift:]
            lines.append((number, widened(shifted)))
            narrow += lines[-1][1] != shifted
        lines.append((lines[-1][0], ""))
    left_out += joined.foreign
    return PrintedAnswer(
        draft.sort, "\n".join(text for _, text in lines), tuple(number for number, _ in lines), draft.last,
        draft.command, draft.title, tuple(draft.holes), _repairs(draft, joined.joined, notes, narrow),
    )  # fmt: skip


def _shift(block: _Block, body: Sequence[tuple[int, str]], draft: _Draft, roots: set[int], source: Source) -> int:
    """Blanks to put before each line (or, negative, to take off), so that the root stands two to the right.

    `roots` are the depths at which the blocks' first lines stand.

    A mail of "format=flowed" puts one blank before each line that begins with one. Raises InputFileError where a
    second region stands as far out as the root, and where roots stand deeper in some blocks only: then it is not
    certain what is a root.
    """
    if draft.sort != TREE and body:
        return (1 if body[0][1].lstrip().startswith(('AS "', "Root memory region: ")) else 2) - _depth(body[0][1])
    if not body:
        return 0
    depths = [_depth(text) for _, text in body]
    root = depths[0]
    if 0 in depths[1:] or root in depths[1:]:
        number = next(number for (number, _), depth in zip(body[1:], depths[1:], strict=True) if depth in (0, root))
        if len(set(depths)) == 1 and len(depths) > 1 and root == 0:
            raise source.error("the indentation is lost, so nothing says which region contains which", number)
        if root <= 2 or 0 in depths:
            raise source.error(
                'a second root in one block: expected a heading such as "memory-region: NAME" above it', number
            )
    if block.is_old or root == 0:
        return 2
    flowed = root == 3 and all(depth % 2 for depth in depths)
    # Below a disabled root that is not printed the first line is deeper, but then not in every block.
    moved = roots == {root} and len(draft.blocks) > 1 and min(depths) == root
    return 2 - root if flowed or moved or kinds.is_system(body[0][1]) else 0


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _repairs(draft: _Draft, joined: int, notes: Sequence[int], narrow: int) -> str:
    """What was done, in one line; empty where nothing was."""
    done = []
    prefixes = dict.fromkeys(block.prefix for block in draft.blocks if block.prefix)
    for prefix in prefixes:
        done.append(f"{prefix!r} taken off" if prefix.strip() else f"indentation of {len(prefix)} taken off")
    if joined:
        done.append(f"{joined} wrapped {'line' if joined == 1 else 'lines'} joined")
    if notes:
        done.append(f"notes behind {_numbered(notes)} taken off")
    if draft.blank_inside:
        done.append(f"{draft.blank_inside} empty lines inside blocks taken out")
    if narrow:
        done.append(f"addresses of 8 digits widened (in {narrow} {'line' if narrow == 1 else 'lines'})")
    if any(block.is_old for block in draft.blocks):
        done.append("headings without a word, as before 2.4")
    first = draft.blocks[0].headings[0][0]
    return f"line {first} to {draft.last}: {'; '.join(done)}" if done else ""


def _numbered(numbers: Sequence[int], most: int = 5) -> str:
    shown = ", ".join(map(str, numbers[:most]))
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}{more}"


def spans(numbers: Sequence[int], most: int = 6) -> str:
    """Numbers as "1 to 4, 9, 12 to 20", at most that many."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [str(low) if low == high else f"{low} to {high}" for low, high in runs[:most]]
    return ", ".join(texts) + (f" and {len(runs) - most} more" if len(runs) > most else "")
