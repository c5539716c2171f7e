"""Identifiers a record or a delivery knows already, found again in its texts however they are
written."""

from __future__ import annotations

from anonymize.text.known.delivery import DeliveryNames
from anonymize.text.known.record import Known

__all__ = ["DeliveryNames", "Known"]
