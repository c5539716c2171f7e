"""The warehouse's tables as typed SQLAlchemy models; the migrations create exactly these."""

from warehouse.models.base import Base
from warehouse.models.core import (
    Event,
    EventIndicator,
    EventText,
    Filing,
    Offense,
    PerpetratorCount,
    ReportingEntity,
    Service,
    Victim,
    VictimEvent,
)
from warehouse.models.linkage import SourceToken
from warehouse.models.ops import Delivery, DeliveryChange, DeliveryRule, DeliveryTable

__all__ = [
    "Base",
    "Delivery",
    "DeliveryChange",
    "DeliveryRule",
    "DeliveryTable",
    "Event",
    "EventIndicator",
    "EventText",
    "Filing",
    "Offense",
    "PerpetratorCount",
    "ReportingEntity",
    "Service",
    "SourceToken",
    "Victim",
    "VictimEvent",
]
