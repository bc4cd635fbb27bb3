"""What shows: a page made from recordings alone.

`page.render` lays out what `page.SECTIONS` find in each recording. A section is a function in a file
of its own: it gives a Section, or None when the recording has nothing for it. Pictures are drawn by
`bars` and `lines` on a `canvas`; under each picture stands its table.
"""
