"""The moment that somebody means by ``--since``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from footprint.errors import RequestError

_AGE = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}


def moment(text: str, now: datetime) -> str:
    """The UTC time meant by `text`, as recordings have it: a date, a time, or an age as ``36h``, ``7d``, ``2w``.

    A time without a zone is UTC. Raises RequestError.
    """
    age = _AGE.fullmatch(text)
    try:
        time = now - timedelta(hours=int(age[1]) * _HOURS[age[2]]) if age else datetime.fromisoformat(text)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return time.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise RequestError(f"--since {text!r} is no date (2026-11-25), time or age (36h, 7d, 2w)") from None
