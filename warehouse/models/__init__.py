"""The warehouse's tables as typed SQLAlchemy models; the migrations create exactly these."""

from warehouse.models.access import Access
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
from warehouse.models.counts import ReportedCount
from warehouse.models.deconfliction import Deconfliction, DeconflictionNotice
from warehouse.models.erasure import AgreementTerm, Erasure, Mark, ReleaseWithdrawal
from warehouse.models.linkage import (
    Batch,
    Crosswalk,
    Encoding,
    Fake,
    Pair,
    Pending,
    SourceToken,
    Space,
    StoredWeights,
)
from warehouse.models.linked import LinkRun, LinkScores, PersonChange, PersonRecord
from warehouse.models.mart import MARTS, MartRelease, PrivacySpend, Release, ReleaseCell
from warehouse.models.ops import Delivery, DeliveryChange, DeliveryRule, DeliveryTable

__all__ = [
    "MARTS",
    "Access",
    "AgreementTerm",
    "Base",
    "Batch",
    "Crosswalk",
    "Deconfliction",
    "DeconflictionNotice",
    "Delivery",
    "DeliveryChange",
    "DeliveryRule",
    "DeliveryTable",
    "Encoding",
    "Erasure",
    "Event",
    "EventIndicator",
    "EventText",
    "Fake",
    "Filing",
    "LinkRun",
    "LinkScores",
    "Mark",
    "MartRelease",
    "Offense",
    "Pair",
    "Pending",
    "PerpetratorCount",
    "PersonChange",
    "PersonRecord",
    "PrivacySpend",
    "Release",
    "ReleaseCell",
    "ReleaseWithdrawal",
    "ReportedCount",
    "ReportingEntity",
    "Service",
    "SourceToken",
    "Space",
    "StoredWeights",
    "Victim",
    "VictimEvent",
]
