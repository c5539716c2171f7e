"""Who is one person: a link run, from the encodings in ``linkage`` to the persons in ``linked``."""
