"""The terminal: the only place where text leaves the process, as lines for people, JSON, notes or progress.

Names come from files that anybody may have written, so whatever could steer a terminal or hide text is made
visible here. A failing standard output becomes an OutputError here, whoever was printing.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import click

from footprint.errors import FootprintError, InputFileError, OutputError, reason_of

if TYPE_CHECKING:
    from rich.table import Table

_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Unicode's categories of characters that steer a terminal or hide text: controls, formats (bidirectional marks,
zero-width characters), lone surrogates, line and paragraph separators."""
_INSIDE_A_FIGURE = re.compile(r"(?<=\d) (?=\d{3}\b|[KMGTPE]?i?B\b|%)")
_GLUE = "\udfff"
"""Stands for a space where no line may be broken: one column wide, and in no other text, where visible() escapes it."""
OWN_LINE = "\udffe"
"""Stands in a table for a name that takes a whole line."""
_ANY_WIDTH = 1 << 20
"""Columns of what is not wrapped."""
_LINE_ENDS = re.compile(r"\s*[\r\n]+\s*")
LONGEST_SHOWN = 120
"""Characters of a line of a file that are shown below an error."""
NARROWEST = 40
"""Columns that output needs at least; a narrower terminal breaks the lines itself."""


class ReaderGoneError(Exception):
    """Whoever read standard output has closed it (``| head -1``): there is nothing left to do."""


class _StandardOutput:
    """Standard output whose failures are ours: OutputError, or ReaderGoneError for a closed pipe."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._has_news = False

    def write(self, text: str) -> int:
        """Write `text`."""
        self._has_news = True
        with _failing():
            if self._stream is None:
                raise OutputError("cannot write to standard output: it is closed")
            return self._stream.write(text)

    def end_part(self) -> None:
        """Write an empty line if anything was written since the last one."""
        if self._has_news:
            self.write("\n")
            self.flush()
            self._has_news = False

    def flush(self) -> None:
        """Write what is buffered."""
        with _failing():
            if self._stream is not None:
                self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _StandardError(_StandardOutput):
    """Standard error; where that fails nobody can be told, so it is silent."""

    def write(self, text: str) -> int:
        """Write `text` if that is possible."""
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered if that is possible."""
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.flush()


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {reason_of(error)}") from None


def guard() -> None:
    """From now on a standard stream that fails raises our errors; streams that a test put there stay."""
    if sys.stdout is sys.__stdout__:
        sys.stdout = _StandardOutput(sys.__stdout__)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _StandardError(sys.__stderr__)


def abandon_output() -> None:
    """Write nothing more to standard output, so that the interpreter does not fail when it flushes at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def visible(text: str) -> str:
    r"""`text` with every character that steers a terminal or hides text as its escape: ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(_escape(letter) if unicodedata.category(letter) in _STEERING else letter for letter in text)


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def say(line: str = "", *, colour: str | None = None) -> None:
    """Print one line of data for people; colours only on a terminal, and not under NO_COLOR."""
    text = _encodable(visible(line), sys.stdout)
    if colour and _is_styled():
        text = click.style(text, fg=colour)
    sys.stdout.write(f"{text}\n")


def draw(table: Table, room: int | None, long_names: Iterable[str] = ()) -> None:
    """Print a table of rich in `room` columns (None: any), nothing of it cut; its texts are visible() and glued().

    `long_names` take the lines of OWN_LINE.
    """
    from rich.console import Console

    styled, names = _is_styled(), iter(long_names)
    console = Console(
        file=sys.stdout,
        width=room or _ANY_WIDTH,
        color_system="standard" if styled else None,
        force_terminal=styled,
        legacy_windows=False,
    )
    with console.capture() as drawn:  # written below, so that what the encoding lacks becomes an escape
        console.print(table, crop=False)
    for line in drawn.get().splitlines():
        text = next(names) if line.strip() == OWN_LINE else line.rstrip().replace(_GLUE, " ")
        sys.stdout.write(_encodable(text, sys.stdout) + "\n")


def _is_styled() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say_wrapped(text: str, *, indent: str = "", hang: str = "    ", colour: str | None = None) -> None:
    """Print `text` in lines that fit the terminal, broken at spaces outside figures; `hang` begins all but the first.

    In a pipe it stays one line.
    """
    for line in wrapped(text, width(), indent=indent, hang=hang):
        say(line, colour=colour)


def wrapped(text: str, columns: int | None, *, indent: str = "", hang: str = "") -> list[str]:
    """`text` in lines of at most `columns` (None: any), no word and no figure cut.

    By textwrap, because rich cuts a word that is longer than the line.
    """
    text = visible(text)
    if columns is None:
        return [indent + text]
    lines = textwrap.wrap(
        glued(text),
        columns,
        initial_indent=indent,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ") for line in lines] or [indent]


def glued(text: str) -> str:
    """`text` with glue for the spaces inside figures, which wrapped() and draw() take out again."""
    return _INSIDE_A_FIGURE.sub(_GLUE, text)


def print_json(document: object) -> None:
    """Print `document` (a msgspec structure or plain data) as the only thing on stdout.

    What could steer a terminal, and what the stream's encoding does not have, is escaped as JSON escapes it.
    """
    from footprint.recording.files import encode

    text = encode(document)
    unicode = "utf" in _encoding(sys.stdout).lower()
    if not (text.isascii() and "\x7f" not in text):
        text = "".join(_as_json(letter, unicode=unicode) for letter in text)
    sys.stdout.write(text)


def print_document(text: str) -> None:
    """Print `text`, which another program reads, line by line as it is; what could steer a terminal is made visible."""
    lines = [visible(line) for line in text.split("\n")]
    sys.stdout.write(_encodable("\n".join(lines), sys.stdout))


def _as_json(letter: str, *, unicode: bool) -> str:
    if letter == "\x7f":
        return "\\u007f"
    if letter.isascii() or (unicode and unicodedata.category(letter) not in _STEERING):
        return letter
    return json.dumps(letter)[1:-1]


def note(sentence: str) -> None:
    """Tell the person something that is not data; on a terminal below the data and apart from it."""
    sys.stdout.flush()
    columns = None
    if sys.stderr.isatty():
        columns = _columns_of(sys.stderr)
        if isinstance(sys.stdout, _StandardOutput) and sys.stdout.isatty():
            sys.stdout.end_part()
    for line in wrapped(sentence, columns):
        sys.stderr.write(_encodable(line, sys.stderr) + "\n")
    sys.stderr.flush()


def complain(what: str | FootprintError) -> None:
    """Tell what went wrong, on one line of stderr; below it the line of a file at fault, with a caret."""
    lines = [f"footprint: {_LINE_ENDS.sub(' ', str(what))}"]
    if isinstance(what, InputFileError) and what.shown:
        cut = max(0, what.column - LONGEST_SHOWN // 2)
        shown = visible(what.shown[cut : cut + LONGEST_SHOWN])
        before = visible(what.shown[cut : what.column])
        lines += [f"  {shown}", f"  {' ' * len(before)}^"]
    for line in lines:
        sys.stderr.write(_encodable(visible(line), sys.stderr) + "\n")
    sys.stderr.flush()


def speaks(text: str) -> bool:
    """Whether standard output's encoding has every character of `text`."""
    return _encodable(text, sys.stdout) == text


def _encodable(text: str, stream: IO[str]) -> str:
    encoding = _encoding(stream)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _encoding(stream: IO[str]) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def progress() -> Callable[[str], None]:
    """A line on a terminal that says what is being done; silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(sentence: str) -> None:
        columns = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
        text = visible(sentence)
        text = text if len(text) <= columns else text[: columns - 1] + "…"
        sys.stderr.write(f"\r\x1b[2K{_encodable(text, sys.stderr)}")
        sys.stderr.flush()

    return show


def end_progress() -> None:
    """Take the progress line away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def width() -> int | None:
    """Columns that data may take: the terminal's, or those of ``COLUMNS``; None for a pipe or a file."""
    wish = os.environ.get("COLUMNS", "")
    if wish.isdecimal() and int(wish) > 0:
        return max(NARROWEST, int(wish))
    return _columns_of(sys.stdout) if sys.stdout.isatty() else None


def is_terminal() -> bool:
    """Whether data goes to a terminal, and not to a pipe or a file."""
    return sys.stdout.isatty()


def _columns_of(terminal: IO[str]) -> int:
    with suppress(OSError):
        return max(NARROWEST, os.get_terminal_size(terminal.fileno()).columns or 80)
    return 80
