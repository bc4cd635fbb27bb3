"""The machine in pictures: who shares which view, what each view shows, and the tree that finds it.

`section.machine` puts together what `spans` and `tree` read and `sharing`, `addresses` and `nodes` draw. A
recording may be anybody's: what does not fit together in it is left out, not believed.
"""
