"""Hostile and broken captures: a right answer, an honest mismatch, or a clear error, never anything else.

``FOOTPRINT_FUZZ=20000`` asks for that many inputs.
"""

from __future__ import annotations

import os
import random
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footprint.errors import FootprintError, InputFileError
from footprint.verify.files import verify_file
from tests.fixtures.captures import CAPTURES, FLAT, SMALL_FLAT, SMALL_TREE, TREE, load, named, save

INPUTS = int(os.environ.get("FOOTPRINT_FUZZ", "500"))
SECONDS = 15
BYTES = 1 << 30

HOSTILE_WORDS = (
    "<script>alert(1)</script>", "\x00", "\u202e", "🦆", " @", "@system ", "[disabled]", "owner:{dev id=x}",
    "address-space: memory", "(prio 0, i/o): ", "ffffffffffffffff", "0000000000000000", "8000000000000000", "-1",
    "2147483647", "-2147483648", "99999999999", "\r", "\t", "        ", "[DETECTED OVERFLOW!] ", "NIL", "#0", "[7]",
    "(noname)", "skip=63", "ptr=[0]", "ptr=#65535", "FlatView #1", "  Dispatch", "memory-region: system",
)  # fmt: skip


def answer(path: Path) -> str:
    """What verifying `path` comes to, within its time."""
    started = time.process_time()
    try:
        result = verify_file(path)
        said = "exact" if result.exact else f"{len(result.mismatches)} mismatches"
        assert all(isinstance(one.expected, str) and isinstance(one.got, str) for one in result.mismatches)
    except FootprintError as error:
        assert str(error).strip() and "\n" not in str(error)
        assert isinstance(error, InputFileError)
        said = f"error: {error}"
    assert time.process_time() - started < SECONDS, said
    return said


# Section: mutations of real captures

Mutation = Callable[[random.Random, str], str]


def cut(rnd: random.Random, text: str) -> str:
    return text[: rnd.randrange(len(text) + 1)]


def drop_lines(rnd: random.Random, text: str) -> str:
    return "\n".join(line for line in text.split("\n") if rnd.random() > 0.05)


def repeat_lines(rnd: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = rnd.randrange(len(lines))
    return "\n".join([*lines[:at], *[lines[at]] * rnd.choice((2, 50)), *lines[at:]])


def shuffle(rnd: random.Random, text: str) -> str:
    lines = text.split("\n")
    first = rnd.randrange(len(lines))
    last = min(len(lines), first + rnd.choice((3, 20, len(lines))))
    part = lines[first:last]
    rnd.shuffle(part)
    return "\n".join([*lines[:first], *part, *lines[last:]])


def swap_lines(rnd: random.Random, text: str) -> str:
    lines = text.split("\n")
    for _ in range(rnd.choice((1, 5))):
        i, j = rnd.randrange(len(lines)), rnd.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    return "\n".join(lines)


def new_numbers(rnd: random.Random, text: str) -> str:
    def one(found: re.Match[str]) -> str:
        if rnd.random() > 0.02:
            return found[0]
        return f"{rnd.choice((0, 1, 0xFFF, 0x1000, 1 << 32, 1 << 63, (1 << 64) - 1, rnd.getrandbits(64))):016x}"

    return re.sub(r"[0-9a-f]{16}", one, text)


def new_priorities(rnd: random.Random, text: str) -> str:
    return re.sub(r"prio -?\d+", lambda _: f"prio {rnd.choice((0, 0, 1, -1, 2**31 - 1, -(2**31), 2**31))}", text)


def new_names(rnd: random.Random, text: str) -> str:
    """Names changed into each other: aliases of what is around them, regions in themselves."""
    names = re.findall(r"\): (?:alias )?([^@\n\[]+?)(?: @|\n| \[| owner| parent)", text) or ["x"]
    for _ in range(rnd.choice((1, 3, 10))):
        text = text.replace(rnd.choice(names), rnd.choice(names), rnd.choice((1, 2, -1)))
    return text


def new_targets(rnd: random.Random, text: str) -> str:
    targets = re.findall(r" @(.+) [0-9a-f]{16}-", text) or ["x"]
    return re.sub(r" @(.+) ([0-9a-f]{16}-)", lambda found: f" @{rnd.choice(targets)} {found[2]}", text)


def enable_all(rnd: random.Random, text: str) -> str:
    return re.sub(r" \[disabled\]", lambda found: rnd.choice(("", found[0])), text)


def insert_words(rnd: random.Random, text: str) -> str:
    for _ in range(rnd.choice((1, 1, 3, 10))):
        at = rnd.randrange(len(text) + 1)
        text = text[:at] + rnd.choice(HOSTILE_WORDS) + text[at + rnd.choice((0, 0, 1, 16)) :]
    return text


def indent(rnd: random.Random, text: str) -> str:
    return "\n".join(rnd.choice(("", "", "", "  ", "    ")) * (rnd.random() < 0.05) + line for line in text.split("\n"))


MUTATIONS: tuple[Mutation, ...] = (
    cut, drop_lines, repeat_lines, shuffle, swap_lines, new_numbers, new_priorities, new_names, new_targets,
    enable_all, insert_words, indent,
)  # fmt: skip

_ORIGINALS = [load(path) for path in CAPTURES]


def mutant(seed: int, path: Path) -> Path:
    rnd = random.Random(seed)
    data = dict(rnd.choice(_ORIGINALS))
    for _ in range(rnd.choice((1, 1, 1, 2, 4))):
        key = rnd.choice((TREE, TREE, FLAT))
        if data[key]:
            data[key] = rnd.choice(MUTATIONS)(rnd, data[key])
    save(path, data[TREE], data[FLAT])
    if rnd.random() < 0.1:
        raw = bytearray(path.read_bytes())
        for _ in range(rnd.choice((1, 5))):
            raw[rnd.randrange(len(raw))] = rnd.randrange(256)
        path.write_bytes(raw[: rnd.choice((len(raw), rnd.randrange(len(raw))))])
    return path


@pytest.mark.timeout(3600)
def test_mutations_of_real_captures_get_an_answer(tmp_path: Path) -> None:
    answers: dict[str, int] = {}
    for seed in range(INPUTS * 4 // 5):
        path = mutant(seed, tmp_path / "mutant.json")
        try:
            said = answer(path).split(":")[0]
        except BaseException as error:
            raise AssertionError(f"seed {seed}") from error
        answers[said] = answers.get(said, 0) + 1
    assert answers["exact"] and answers["error"] and len(answers) > 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < BYTES


# Section: text made from nothing

_HEX = st.sampled_from(("0" * 16, "f" * 16, "0" * 13 + "fff", "0" * 12 + "1000", "7" + "f" * 15, "8" + "0" * 15))
_NAME = st.one_of(st.sampled_from(("system", "ram", "io", "a", "b")), st.text(max_size=12))
_KIND = st.sampled_from(("i/o", "i/o", "ram", "rom", "romd", "ramd", "container", "nv-ram"))


@st.composite
def _tree_line(draw: st.DrawFn) -> str:
    depth = draw(st.integers(1, 4))
    window = f" @{draw(_NAME)} {draw(_HEX)}-{draw(_HEX)}" if draw(st.booleans()) else ""
    name = f"alias {draw(_NAME)}{window}" if window else draw(_NAME)
    disabled = draw(st.sampled_from(("", "", " [disabled]")))
    priority = draw(st.sampled_from((0, 0, 1, -1)))
    return f"{'  ' * depth}{draw(_HEX)}-{draw(_HEX)} (prio {priority}, {draw(_KIND)}): {name}{disabled}"


@st.composite
def _tree_text(draw: st.DrawFn) -> str:
    blocks = []
    for _ in range(draw(st.integers(1, 4))):
        word = draw(st.sampled_from(("address-space", "address-space", "memory-region")))
        lines = [line.replace("\n", "") for line in draw(st.lists(_tree_line(), max_size=6))]
        if lines:
            lines[0] = "  " + lines[0].lstrip(" ")
        blocks.append("\n".join([f"{word}: {draw(_NAME)}".replace("\n", ""), *lines]))
    return "\n\n".join(blocks) + "\n"


@settings(max_examples=max(1, INPUTS // 10), deadline=None, suppress_health_check=list(HealthCheck))
@given(_tree_text())
def test_trees_made_from_nothing_get_an_answer(tmp_path: Path, tree: str) -> None:
    answer(save(tmp_path / "made.json", tree, SMALL_FLAT))


@settings(max_examples=max(1, INPUTS // 20), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(), st.text())
def test_any_text_gets_an_answer(tmp_path: Path, tree: str, flat: str) -> None:
    path = save(tmp_path / "any.json", tree, flat)
    assert answer(path).startswith("error")


@settings(max_examples=max(1, INPUTS // 20), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary())
def test_any_bytes_get_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    assert answer(path).startswith("error")


# Section: what somebody would think of


def _line(depth: int, start: int, end: int, name: str, kind: str = "i/o") -> str:
    return f"{'  ' * depth}{start:016x}-{end:016x} (prio 0, {kind}): {name}"


_LAST = (1 << 64) - 1
_HEAD = "address-space: memory\n" + _line(1, 0, _LAST, "system") + "\n"


def _many_regions(count: int, step: int = 0x1000, *, falling: bool = False) -> str:
    numbers = range(count - 1, -1, -1) if falling else range(count)
    return _HEAD + "\n".join(_line(2, i * step, i * step + 0xFF, f"r{i}") for i in numbers) + "\n"


def _flat_of(count: int, step: int = 0x1000) -> str:
    ranges = "\n".join(f"  {i * step:016x}-{i * step + 0xFF:016x} (prio 0, i/o): r{i}" for i in range(count))
    return f'FlatView #0\n AS "memory", root: system\n Root memory region: system\n{ranges}\n'


def _doubling(levels: int) -> str:
    blocks = [_HEAD + _line(2, 0, (0x1000 << levels) - 1, f"alias a @c{levels} {0:016x}-{(0x1000 << levels) - 1:016x}")]
    for level in range(levels, 0, -1):
        half = 0x1000 << (level - 1)
        window = f"@c{level - 1} {0:016x}-{half - 1:016x}"
        blocks.append(
            f"memory-region: c{level}\n{_line(1, 0, 2 * half - 1, f'c{level}')}\n"
            f"{_line(2, 0, half - 1, f'alias l {window}')}\n{_line(2, half, 2 * half - 1, f'alias h {window}')}"
        )
    blocks.append(f"memory-region: c0\n{_line(1, 0, 0x7FF, 'c0', 'ram')}")
    return "\n\n".join(blocks) + "\n"


def _chain(length: int) -> str:
    blocks = [_HEAD + _line(2, 0, 0xFFF, f"alias a @a0 {0:016x}-{0xFFF:016x}")]
    for i in range(length):
        blocks.append(f"memory-region: a{i}\n{_line(1, 0, 0xFFF, f'alias a{i} @a{i + 1} {0:016x}-{0xFFF:016x}')}")
    blocks.append(f"memory-region: a{length}\n{_line(1, 0, 0xFFF, f'a{length}', 'ram')}")
    return "\n\n".join(blocks) + "\n"


def _alike(spaces: int, regions: int, step: int = 16) -> tuple[str, str]:
    """Spaces of one name, each with its own window on one wide container; none of the views is quite right."""
    window = f"@c {0x1000:016x}-{(1 << 40) - 1:016x}"
    roots = [
        f"address-space: dev\n{_line(1, 0, _LAST, 'root')}\n{_line(2, i * step, (1 << 40) - 1, f'alias w {window}')}\n"
        for i in range(1, spaces + 1)
    ]
    wide = "\n".join(_line(2, i * 0x1000, i * 0x1000 + 0xFF, f"r{i}", "ram") for i in range(regions))
    tree = "\n".join([*roots, f"memory-region: c\n{_line(1, 0, _LAST, 'c')}\n{wide}\n"])
    ranges = "\n".join(
        f"  {i * 0x1000 + 8:016x}-{i * 0x1000 + 0x107:016x} (prio 0, ram): r{i}" for i in range(1, regions)
    )
    view = f'FlatView #0\n AS "dev", root: root\n Root memory region: root\n{ranges}\n\n'
    return tree, view * min(spaces, 300_000 // regions)


_CIRCLE = (
    _HEAD + _line(2, 0, 0xFFF, f"alias a @b {0:016x}-{0xFFF:016x}") + "\n\nmemory-region: b\n"
    + _line(1, 0, 0xFFF, f"alias b @b {0:016x}-{0xFFF:016x}") + "\n"
)  # fmt: skip
_ITSELF = (
    _HEAD + _line(2, 0, _LAST, f"alias a @system {0:016x}-{_LAST:016x}") + "\n\nmemory-region: system\n"
    + _line(1, 0, _LAST, "system") + "\n" + _line(2, 0, _LAST, f"alias a @system {0:016x}-{_LAST:016x}") + "\n"
)  # fmt: skip

HOSTILE: dict[str, tuple[str, str]] = {
    "a line of 16 MB": (_HEAD + "  " + "x" * (16 << 20), SMALL_FLAT),
    "a name of 16 MB": (_HEAD + _line(2, 0, 0xFFF, "x" * (16 << 20)), SMALL_FLAT),
    "16 MB of blanks": (_HEAD + " " * (16 << 20), SMALL_FLAT),
    "blanks and a mark": ((_HEAD + " " * 4000 + "[DETECTED OVERFLOW!] " + "\n") * 500, SMALL_FLAT),
    "long owners": (_HEAD + (_line(2, 0, 0xFFF, "r owner:{" * 400) + "}\n") * 2000, SMALL_FLAT),
    "long aliases": (_HEAD + (_line(2, 0, 0xFFF, "alias " + " @" * 1900) + f" {0:016x}-{1:016x}\n") * 2000, SMALL_FLAT),
    "a million regions": (_many_regions(1_000_000)[: 30 << 20], SMALL_FLAT),
    "as many regions as may be": (_many_regions(49_900), _flat_of(50)),
    "as many regions, falling": (_many_regions(49_900, falling=True), _flat_of(50)),
    "as many regions in one page": (_many_regions(49_900, 1), _flat_of(50)),
    "a stair of overlapping siblings": (
        _HEAD + "\n".join(_line(2, i * 0x100, i * 0x100 + 0xFFFF, f"r{i}", "ram") for i in range(20_000)), _flat_of(50)
    ),
    "a blanket over as many regions as QEMU bears": (
        _HEAD + _line(2, 0, _LAST, "blanket", "ram") + "\n"
        + "\n".join(_line(2, i * 0x100, i * 0x100 + 0x7F, f"r{i}", "ram") for i in range(1, 1_300)),
        _flat_of(1_300, 0x100).replace("i/o): r0", "ram): blanket").replace("i/o", "ram")
    ),
    "regions far from each other": (_many_regions(20_000, 1 << 42), _flat_of(20_000, 1 << 42)),
    "a hundred million copies": (_doubling(30), SMALL_FLAT),
    "a thousand copies": (_doubling(10), SMALL_FLAT),
    "a chain of 5000 aliases": (_chain(5000), SMALL_FLAT),
    "an alias of itself": (_CIRCLE, SMALL_FLAT),
    "a region that contains itself": (_ITSELF, SMALL_FLAT),
    "100 levels": (_HEAD + "\n".join(_line(i, 0, 0xFFF, f"r{i}") for i in range(2, 100)), SMALL_FLAT),
    "many nodes": (SMALL_TREE, SMALL_FLAT.rstrip("\n") + "\n  Dispatch\n    Physical sections\n"
                   "      #0 @0000000000000000..ffffffffffffffff (noname)\n"
                   "    Nodes (9 bits per level, 6 levels) ptr=[0] skip=1\n"
                   + "".join(f"      [{i}]\n\t  0..511  skip=1  ptr=NIL\n" for i in range(300_000))),
    "many views": (SMALL_TREE, "\n".join(SMALL_FLAT.replace("#0", f"#{i}") for i in range(50_000))),
    "many spaces": ("".join(f"address-space: s{i}\n" for i in range(20_000)) + SMALL_TREE, SMALL_FLAT),
    "many equal spaces": (SMALL_TREE * 5_000, SMALL_FLAT * 5_000),
    "alike spaces, wide views": _alike(25, 40_000),
    "more alike spaces": _alike(300, 1_000),
    "more alike spaces on whole pages": _alike(300, 1_000, 0x1000),
    "empty names of roots": (SMALL_TREE.replace("system", ""), SMALL_FLAT.replace("system", "") + "\n"
                             + SMALL_FLAT.replace('"memory", root: system', '"memory", root: b\n AS "memory", root: ')),
    "a script for a name": (SMALL_TREE.replace(": ram", ": <script>alert(1)</script>"), SMALL_FLAT),
    "NUL in a name": (SMALL_TREE.replace(": ram", ": r\0m"), SMALL_FLAT.replace(": ram", ": r\0m")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_gets_an_answer_in_time(name: str, tmp_path: Path) -> None:
    tree, flat = HOSTILE[name]
    answer(save(tmp_path / "hostile.json", tree, flat))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < BYTES, "more than 1 GB"


def test_a_file_of_nested_brackets_or_endless_gzip_is_an_error(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "deep.json"
    path.write_text('{"info mtree": ' + "[" * 200_000)
    assert answer(path).startswith("error")
    path.write_bytes(gzip.compress(b'{"x": "' + bytes(200 << 20)))
    assert "more than" in answer(path)


def test_a_cut_at_every_byte_gets_an_answer(tmp_path: Path) -> None:
    whole = named("ppc64__pseries").read_bytes()
    for length in range(0, len(whole), max(1, 25 * len(whole) // INPUTS)):
        path = tmp_path / "cut.json.gz"
        path.write_bytes(whole[:length])
        assert answer(path).startswith("error")
