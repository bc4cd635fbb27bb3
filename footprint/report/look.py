"""How a page looks whatever it shows: light or dark, and the way back to the index that lists it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

Theme = Literal["auto", "light", "dark"]
MADE_HERE = '<p class="brand">footprint'
"""What every page of ours has above its title."""
_BRAND = '<p class="brand">footprint</p>'
_LINKED = '<p class="brand">footprint <a href="{home}">all recordings</a></p>'


@dataclass(frozen=True, slots=True)
class PageLook:
    """`theme`: ``auto`` follows the reader's system; `home` is the address of the index that lists the page, if any."""

    theme: Theme = "auto"
    home: str = ""

    @property
    def scheme(self) -> str:
        """The value of CSS's color-scheme."""
        return "light dark" if self.theme == "auto" else self.theme

    @property
    def dark_when(self) -> str:
        """The CSS media query of the dark colours; paper is always light."""
        return {"auto": "screen and (prefers-color-scheme: dark)", "dark": "screen", "light": "not all"}[self.theme]

    @property
    def brand(self) -> str:
        """The line above the title, as HTML."""
        return _LINKED.format(home=escape(self.home)) if self.home else _BRAND


def is_ours(page: str) -> bool:
    """Whether `page` was made here."""
    return MADE_HERE in page


def with_home(page: str, home: str) -> str:
    """A page of ours as it would have been made with the address `home` of an index; one that has an index as it is."""
    return page.replace(_BRAND, _LINKED.format(home=escape(home)), 1)
