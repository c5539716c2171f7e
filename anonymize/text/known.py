"""Identifiers a record or a delivery knows already, found again in its texts however they are
written."""

from __future__ import annotations

from collections.abc import Iterable

from anonymize.text.spans import Span


class Known:
    """The identifiers of one record: names and numbers, as its fields hold them."""

    @classmethod
    def of(cls, identifiers: Iterable[str]) -> Known:
        return cls()

    def find(self, text: str) -> list[Span]:
        """Every mention, exact or nearly."""
        return []


class DeliveryNames:
    """Names and numbers of all records of a delivery."""

    @classmethod
    def of(
        cls,
        full_names: Iterable[str],
        single_names: Iterable[str],
        numbers: Iterable[str],
        case_numbers: Iterable[str],
    ) -> DeliveryNames:
        return cls()

    def find(self, text: str) -> list[Span]:
        return []
