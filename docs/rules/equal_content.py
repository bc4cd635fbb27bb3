"""A rule that no QEMU has: spaces share a view whenever they would show the same."""

from footprint.memory.render import MergeRule, render
from footprint.memory.roots import ShareByChild


class EqualContent(ShareByChild):
    """Share views by equal content."""

    base = "v7.2.0"
    merge = MergeRule()

    def identity(self, region):
        """Two regions that show the same ranges of the same regions are one view."""
        return tuple(
            (piece.start, piece.end, piece.region, piece.offset, piece.readonly)
            for piece in self.merge.merge(render(region))
        )
