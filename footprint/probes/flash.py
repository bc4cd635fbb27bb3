"""The flash probe: what the images that processes have loaded take, each and all, with the page cache counted once."""

from __future__ import annotations

from pathlib import Path

from footprint.process.page_cache import cached_bytes
from footprint.process.smaps import guests_metrics, process_metrics, span_metrics
from footprint.recording.model import Number


class FlashProbe:
    """Reads processes that have loaded an image at a place of their memory, and what the page cache has of its file."""

    name = "flash"
    what = "memory of processes that have loaded a flash image, by smaps and mincore"

    def read(self, places: list[tuple[int, int, int]], file: Path | None) -> dict[str, Number]:
        """The processes (means and sums) and their images (sums); a place is a process number, start and end."""
        metrics: dict[str, Number] = {**guests_metrics([process_metrics(pid) for pid, _, _ in places])}
        spans = [span_metrics(*place) for place in places]
        total = {name: sum(span[name] for span in spans) for name in ("rss", "pss", "uss", "anonymous")}
        cache = cached_bytes(file) if file is not None else 0
        return {
            **metrics,
            "flash.image": file.stat().st_size if file is not None else 0,
            "flash.rss": total["rss"],
            "flash.pss": total["pss"],
            "flash.uss": total["uss"],
            "flash.cache": cache,
            "flash.all": total["anonymous"] + cache,
        }
