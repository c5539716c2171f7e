"""What may leave of single records, and counts that carry noise.

``extract`` publishes rows: generalised until every class of quasi-identifiers is k-anonymous and
l-diverse. ``noise`` and ``dp`` publish counts: the first the same noise for the same cell every
time, the second with a guarantee that ``budget`` adds up over releases.
"""
