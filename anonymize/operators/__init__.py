"""Operators: pure functions over Arrow columns, column in, column out.

Text comes in; what leaves is coarser, a token, or nothing. What cannot be read becomes null, which
means unknown; it is never an error, because an error would quote it. ``registry`` says which
operators there are and binds them to the fields of a contract.
"""
