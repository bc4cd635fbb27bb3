"""Names of Rust's functions as people write them, where a tracer gives the symbol.

Both manglings are read: the older, which is C++'s with an own alphabet for signs, and the newer (Rust RFC 2603, "v0"),
of which the arguments of generics and the trait of an implementation are left out: the path is what says where.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

_HASH, _SUFFIX = re.compile(r"::h[0-9a-f]{16}$"), re.compile(r"\.llvm\.\d+$")
_SIGN = re.compile(r"\$(LT|GT|RF|BP|C|LP|RP|SP|u[0-9a-f]{1,6})\$")
_SIGNS = {"LT": "<", "GT": ">", "RF": "&", "BP": "*", "C": ",", "LP": "(", "RP": ")", "SP": "@"}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PATHS, _PLAIN = "CNMXYI", re.compile("[a-z]")
_Result = TypeVar("_Result")
MOST_STEPS = 2_000
"""Of the parser: what refers back may do so very often."""


def readable(name: str) -> str:
    """``app::cache::insert`` for its symbol; any other name as it is."""
    plain = _SUFFIX.sub("", name)
    if plain.startswith("_R"):
        try:
            return _Symbol(plain[2:]).path()
        except (IndexError, ValueError, RecursionError):
            return name
    if not _HASH.search(plain):
        return name
    signed = _SIGN.sub(lambda sign: _SIGNS.get(sign[1]) or chr(int(sign[1][1:], 16)), _HASH.sub("", plain))
    return signed.replace("_<", "<").replace("..", "::")


class _Symbol:
    """Reads a v0 symbol from left to right; raises ValueError or IndexError for what is none."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._steps = text, 0, 0

    def path(self) -> str:
        """Up to the end of a path, and its text."""
        tag = self._next()
        if tag == "C":
            return self._identifier()
        if tag == "N":
            space, parent = self._next(), self.path()
            inner = self._identifier()
            return f"{parent}::{inner or ('{closure}' if space == 'C' else '{}')}"
        if tag in "MX":
            self._identity()
            self.path()
        if tag in "MXY":
            kind = self._type()
            if tag != "M":
                self.path()
            return kind
        if tag == "I":
            generic = self.path()
            self._until_end(self._argument)
            return generic
        if tag == "B":
            return self._again(self.path)
        raise ValueError(tag)

    def _type(self) -> str:
        if self._text[self._at] in _PATHS:
            return self.path()
        tag = self._next()
        if tag == "B":
            return self._again(self._type)
        if tag in "RQ" and self._text[self._at] == "L":
            self._argument()
        if tag in "RQPOSA":
            inner = self._type()
            if tag == "A":
                self._constant()
            return inner
        if tag == "T":
            self._until_end(self._type)
        elif tag == "F":
            self._function()
        elif tag == "D":
            self._dynamic()
        elif not _PLAIN.match(tag):
            raise ValueError(tag)
        return "_"

    def _function(self) -> None:
        self._optional("G", self._number)
        self._optional("U", lambda: None)
        if self._text[self._at] == "K":
            self._next()
            self._optional("C", lambda: None) or self._identifier()
        self._until_end(self._type)
        self._type()

    def _dynamic(self) -> None:
        self._optional("G", self._number)

        def bound() -> None:
            self.path()
            while self._optional("p", lambda: (self._identifier(), self._type())):
                pass

        self._until_end(bound)
        self._argument()

    def _argument(self) -> None:
        if not self._optional("L", self._number) and not self._optional("K", self._constant):
            self._type()

    def _constant(self) -> None:
        if self._optional("p", lambda: None):
            return
        if self._text[self._at] == "B":
            self._next()
            self._again(self._constant)
            return
        self._type()
        self._at = self._text.index("_", self._at) + 1

    def _identifier(self) -> str:
        self._identity()
        self._optional("u", lambda: None)
        start = self._at
        while self._text[self._at].isdigit() and (self._at == start or self._text[start] != "0"):
            self._at += 1
        length = int(self._text[start : self._at])
        self._optional("_", lambda: None)
        self._at += length
        return self._text[self._at - length : self._at]

    def _identity(self) -> None:
        self._optional("s", self._number)

    def _number(self) -> int:
        end = self._text.index("_", self._at)
        digits, self._at = self._text[self._at : end], end + 1
        number = 0
        for digit in digits:
            number = number * 62 + _DIGITS.index(digit)
        return number + 1 if digits else 0

    def _again(self, read: Callable[[], _Result]) -> _Result:
        """What stands at an earlier place."""
        where = self._number()
        after, self._at = self._at, where
        result = read()
        self._at = after
        return result

    def _until_end(self, read: Callable[[], object]) -> None:
        while not self._optional("E", lambda: None):
            read()

    def _optional(self, tag: str, read: Callable[[], object]) -> bool:
        if self._text[self._at : self._at + 1] != tag:
            return False
        self._next()
        read()
        return True

    def _next(self) -> str:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ValueError(self._text)
        self._at += 1
        return self._text[self._at - 1]
