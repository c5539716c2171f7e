"""Where and when there is more than elsewhere: hotspots and trends, as classes.

Pure functions on tables: nothing here reads the warehouse or a record. Their input is what a
release shows (counts, and of a hidden cell the bounds that anybody can work out from the rest), so
that whoever holds the release can compute the same classes, and a class tells nothing the counts
did not. Every answer carries its coverage: where nobody filed, the answer is ``unknown``.
"""
