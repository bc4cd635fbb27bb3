"""Bytes of a foreign text as plain lines: what mail and terminals did to them is undone, and reported.

Undone where that is certain: UTF-16 and byte order marks, quoted-printable, base64, drawings, a monitor's line editing
(terminal escapes, backspaces), line ends of all sorts, blanks that are not blanks.
"""

from __future__ import annotations

import base64
import bisect
import html
import json
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

LONGEST_EDITED = 1 << 16
"""Characters of a line with terminal escapes; in a longer one they are left as they are."""

_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_BLANKS = {ord(letter): " " for letter in "\xa0\u2007\u202f"} | {0x200B: None, 0xFEFF: None}
_ESCAPE = re.compile(
    r"\x1b\[([0-9;?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[ -/]*[0-Z\\-~]"
)
_QP_HEADER = re.compile(r"content-transfer-encoding:\s*quoted-printable\s*$", re.IGNORECASE)
_ANY_ENCODING = re.compile(r"content-transfer-encoding:", re.IGNORECASE)
_QP_BYTES = re.compile(r"(?:=[0-9A-F]{2})+")
_QP_ONLY = re.compile(r"(?:[^=]|=[0-9A-F]{2})*=?")
_RETURN = re.compile(r'\s*\{.{0,200}"return": ?"')
_TAG = re.compile(r"^\s*</?(?:pre|code|tt|blockquote)\b[^>]{0,80}>(?=.)|</(?:pre|code|tt|blockquote)>\s*$")
_HTML = re.compile(r"AS &quot;|^[\s>]*(?:&gt;|<pre[^>]*>).*(?:\(prio|address-space: |info mtree|FlatView #)")
_ART = re.compile("[\u2500-\u257f\u25a0-\u25ff]")
"""What lines and arrows are drawn with, around a text; no name of QEMU's has it."""
_HEX_CUT = re.compile(r"[0-9a-f]{8,16}-[0-9a-f]{0,16}=$")
_MONITOR = re.compile(r"\(prio|skip=|address-space: |memory-region: |root: |Root memory region:")


class PlainLine(NamedTuple):
    """A line: `number` is where it begins in the file, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class PlainText:
    """Lines without ends, and sentences about what was undone."""

    lines: tuple[PlainLine, ...]
    repairs: tuple[str, ...]


def plain_text(data: bytes | str) -> PlainText:
    """The lines of `data`. Never fails: bytes that are no UTF-8 are read as Latin-1, and that is reported."""
    repairs: list[str] = []
    text = data if isinstance(data, str) else _decoded(data, repairs)
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    parts = text.split("\n")
    lines = [PlainLine(*line) for line in enumerate([p.rstrip("\r") for p in parts] if "\r" in text else parts, 1)]
    if _BASE64_HEADER.search(text):
        lines = _out_of_base64(lines, repairs)
        text = "\n".join(line.text for line in lines)
    if "=" in text:
        lines = _unquoted(lines, repairs)
        if any(repair.endswith("quoted-printable decoded") for repair in repairs):
            text = "\n".join(line.text for line in lines)  # what it hid: blanks that are none, escapes, HTML
    if '"return"' in text:
        lines = _out_of_json(lines, repairs)
    if "&quot;" in text or "&gt;" in text or "<pre" in text:
        lines = _out_of_html(lines, repairs)
    if "\x1b" in text or "\b" in text or ("\r" in text and any("\r" in line.text for line in lines)):
        lines = _as_shown(lines, repairs)
    if not text.isascii():
        lines = _without_art(lines, repairs)
        lines = [PlainLine(line.number, line.text.translate(_BLANKS)) for line in lines]
    return PlainText(tuple(lines), tuple(repairs))


def _decoded(data: bytes, repairs: list[str]) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        repairs.append(f"line {line}: bytes that are no UTF-8 are read as Latin-1")
        return data.decode("latin-1")


# Section: what mail does to a text

_BASE64_HEADER = re.compile(r"^content-transfer-encoding:\s*base64\s*$", re.IGNORECASE | re.MULTILINE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def _out_of_base64(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    """Lines with the text of mails in base64 in the place of its letters; each is where its first letter stands."""
    plain: list[PlainLine] = []
    at = 0
    while at < len(lines):
        plain.append(lines[at])
        at += 1
        if not _BASE64_HEADER.match(plain[-1].text):
            continue
        while at < len(lines) and lines[at].text.strip():
            plain.append(lines[at])
            at += 1
        first = at = at + 1
        while at < len(lines) and _BASE64.fullmatch(lines[at].text.strip()):
            at += 1
        decoded = _decoded_base64(lines[first:at])
        if decoded:
            repairs.append(f"line {lines[first].number}: base64 decoded")
        plain += decoded or lines[first:at]
    return plain


def _decoded_base64(lines: list[PlainLine]) -> list[PlainLine]:
    """The lines of the text that `lines` encode; none where it is no text."""
    letters = "".join(line.text.strip() for line in lines)
    try:
        text = base64.b64decode(letters, validate=True).decode()
    except ValueError:
        return []
    if "\0" in text:
        return []
    ends = list(accumulate(len(line.text.strip()) for line in lines))
    plain, byte = [], 0
    for part in text.split("\n"):
        place = min(bisect.bisect_right(ends, byte * 4 // 3), len(lines) - 1)
        plain.append(PlainLine(lines[place].number, part.rstrip("\r")))
        byte += len(part.encode()) + 1
    return plain


def _unquoted(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    """`lines` with the parts decoded that a header, or else the text itself, shows to be quoted-printable."""
    headers = [i for i, line in enumerate(lines) if _ANY_ENCODING.match(line.text)]
    if headers:
        spans = [
            (i + 1, after)
            for i, after in zip(headers, [*headers[1:], len(lines)], strict=True)
            if _QP_HEADER.match(lines[i].text)
        ]
    else:
        spans = [(0, len(lines))] if _looks_quoted_printable(lines) else []
    for first, after in reversed(spans):
        repairs.append(f"line {lines[first].number if first < len(lines) else first}: quoted-printable decoded")
        lines = [*lines[:first], *_decode_part(lines[first:after]), *lines[after:]]
    return lines


def _looks_quoted_printable(lines: list[PlainLine]) -> bool:
    """Whether the monitor's lines have no ``=`` that is not an escape or a soft break, and at least one that is."""
    marked = [
        line.text for line in lines
        if "=" in line.text and (_MONITOR.search(line.text) or _HEX_CUT.search(line.text.rstrip()))
    ]  # fmt: skip
    return bool(marked) and all(_QP_ONLY.fullmatch(text) for text in marked if len(text) < LONGEST_EDITED)


def _decode_part(lines: list[PlainLine]) -> list[PlainLine]:
    decoded: list[PlainLine] = []
    number, held = 0, ""
    for line in lines:
        number = number or line.number
        text = line.text.rstrip(" \t")
        if text.endswith("="):
            held += text[:-1]
            continue
        decoded.append(PlainLine(number, _QP_BYTES.sub(_bytes_of, held + text)))
        number, held = 0, ""
    if number:
        decoded.append(PlainLine(number, _QP_BYTES.sub(_bytes_of, held)))
    return decoded


def _bytes_of(matched: re.Match[str]) -> str:
    data = bytes.fromhex(matched[0].replace("=", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


# Section: JSON, HTML and drawings around it


def _without_art(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    """Lines without what is drawn behind them, and without lines that are drawn and no more."""
    plain, cut = [], []
    for line in lines:
        drawn = _ART.search(line.text)
        before = line.text[: drawn.start()].rstrip() if drawn else ""
        if drawn is None or (not _MONITOR.search(before) and _MONITOR.search(line.text)):
            plain.append(line)
        elif not before.strip(" \t>") or _MONITOR.search(before):
            cut.append(line.number)
            plain.append(PlainLine(line.number, before))
        else:
            plain.append(line)
    if cut:
        repairs.append(f"line {cut[0]} to {cut[-1]}: what is drawn around the text taken off (in {len(cut)} lines)")
    return plain


def _out_of_json(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    """Lines with the answers of a QMP monitor (human-monitor-command) taken out of their JSON."""
    plain: list[PlainLine] = []
    first = 0
    for line in lines:
        text = _returned(line.text) if _RETURN.match(line.text) else None
        if text is None:
            plain.append(line)
            continue
        first = first or line.number
        plain += [PlainLine(line.number, part.rstrip("\r")) for part in ("", *text.split("\n"))]
        plain.append(PlainLine(line.number, "```"))
    if first:
        repairs.append(f"line {first}: QMP's answers taken out of their JSON")
    return plain


def _returned(text: str) -> str | None:
    try:
        value = json.loads(text)["return"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _out_of_html(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    """Lines with HTML's names for signs spelt out, where lines of a monitor have such, and without tags around."""
    if not any(_HTML.search(line.text) for line in lines if len(line.text) < LONGEST_EDITED):
        return lines
    repairs.append("HTML's names for signs spelt out")
    return [PlainLine(line.number, html.unescape(_TAG.sub("", line.text))) for line in lines]


# Section: what a terminal would show


def _as_shown(lines: list[PlainLine], repairs: list[str]) -> list[PlainLine]:
    shown, first, count = [], 0, 0
    for line in lines:
        text = line.text
        if ("\x1b" in text or "\b" in text or "\r" in text) and len(text) <= LONGEST_EDITED:
            text = _edited(text)
            count += 1
            first = first or line.number
        shown.append(PlainLine(line.number, text))
    if count:
        repairs.append(f"line {first}: terminal escapes obeyed (in {count} {'line' if count == 1 else 'lines'})")
    return shown


def _edited(text: str) -> str:
    """What stands on a terminal's line after `text`: cursor left and right, erase, overwriting."""
    cells: list[str] = []
    cursor = at = 0
    while at < len(text):
        escape = _ESCAPE.match(text, at) if text[at] == "\x1b" else None
        if escape:
            at = escape.end()
            cursor = _obey(escape, cells, cursor)
            continue
        letter = text[at]
        at += 1
        if letter == "\b":
            cursor = max(0, cursor - 1)
        elif letter == "\r":
            cursor = 0
        elif letter >= " " or letter == "\t":
            cells += " " * (cursor - len(cells))
            cells[cursor : cursor + 1] = [letter]
            cursor += 1
    return "".join(cells)


def _obey(escape: re.Match[str], cells: list[str], cursor: int) -> int:
    """Do what `escape` says to `cells`; gives the new place of the cursor."""
    count = int(escape[1]) if (escape[1] or "").isdecimal() and len(escape[1]) < 6 else 0
    match escape[2]:
        case "D":
            return max(0, cursor - max(1, count))
        case "C":
            return min(LONGEST_EDITED, cursor + max(1, count))
        case "G":
            return min(LONGEST_EDITED, max(0, count - 1))
        case "K" if count == 0:
            del cells[cursor:]
        case "K" if count == 2:
            cells.clear()
        case "P":
            del cells[cursor : cursor + max(1, count)]
    return cursor
