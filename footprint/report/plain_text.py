"""Any text as text: what cannot be seen in it is shown by its number, and very much of it is cut."""

from __future__ import annotations

import re

_UNSEEN = (
    *(n for n in range(32) if chr(n) not in "\t\n\r"), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F,
    *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF,
)  # fmt: skip
_IS_UNSEEN = re.compile(f"[{''.join(map(chr, _UNSEEN))}]")
_SHOWN = {n: f"[U+{n:04X}]" for n in _UNSEEN}
"""Control characters, marks that turn the direction of writing, and halves of characters, as what they are."""


MOST_LETTERS = 2000
"""Of any text on a page: no sentence of ours is longer."""


def plain(words: str, most: int | None = MOST_LETTERS) -> str:
    """`words` as text: what would be invisible in it, or turn the writing around, is shown by its number.

    More than `most` letters are cut, and said to be; None: none are.
    """
    if most is not None and len(words) > most:
        words = f"{words[:most]}… ({len(words)} letters)"
    return words.translate(_SHOWN) if _IS_UNSEEN.search(words) else words
