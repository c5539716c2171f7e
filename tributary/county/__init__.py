"""The invented county: seeded people, the agencies that meet them, and the files they send.

Nobody in it is real. ``generate`` is the only entry point.
"""

from tributary.county.generate import Generated, generate

__all__ = ["Generated", "generate"]
