"""The leak gate: the last look at what leaves the agency node, before it is written.

It shares no code with what masks: two searches written alike would miss alike.
"""
