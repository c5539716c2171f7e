"""Consent.csv: the continuum's own file beside HUD's 24, with consents of youth in RHY projects.

45 CFR 1351.21(a) lets records of runaway and homeless youth out on recorded consent only; HUD's
format has no field for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from tributary.county import rates
from tributary.county.contacts import Stays
from tributary.county.county import County
from tributary.county.hmis_sites import RHY
from tributary.county.seeds import Ints, Mask, pick
from tributary.county.text import Column, day

FILE: Final = "Consent"
HEADER: Final = ("PersonalID", "SignedDate", "ExpiresDate", "WithdrawnDate")
NOT_NEEDED, VALID, MISSING, EXPIRED, WITHDRAWN = range(5)


@dataclass
class Consents:
    """``status`` of every client, and the clients that stand in the file."""

    status: Ints
    client: Ints

    def lacking(self, stays: Stays) -> Mask:
        """Stays in RHY projects whose client has no consent in force."""
        invalid = ~np.isin(self.status, (NOT_NEEDED, VALID))
        return np.asarray(RHY[stays.site] & invalid[stays.of])


def consents(county: County, stays: Stays) -> Consents:
    """Who consented: most, for all their stays."""
    random = county.stream("hmis", "consent")
    shares = (rates.RHY_CONSENT, rates.RHY_NO_CONSENT, rates.RHY_EXPIRED, rates.RHY_WITHDRAWN)
    drawn = VALID + pick(random, shares, len(stays.client))
    youth = np.bincount(stays.of, RHY[stays.site], len(stays.client)) > 0
    status = np.where(youth, drawn, NOT_NEEDED)
    return Consents(status, np.flatnonzero(youth & (status != MISSING)))


def consent_columns(
    county: County, stays: Stays, found: Consents, ids: pa.Array
) -> dict[str, Column]:
    """Rows of ``found.client``; ``ids`` are their PersonalIDs."""
    random, client = county.stream("hmis", "consent dates"), found.client
    first = np.full(len(stays.client), county.period.end)
    np.minimum.at(first, stays.of, stays.entry)
    signed = first[client]
    status = found.status[client]
    expires = signed + 3 * 366 + random.integers(0, 90, len(client))
    expires = np.where(status == EXPIRED, np.minimum(signed + 60, county.period.last), expires)
    withdrawn = np.minimum(signed + random.integers(10, 90, len(client)), county.period.last)
    return {
        "PersonalID": ids,
        "SignedDate": day(signed),
        "ExpiresDate": day(expires),
        "WithdrawnDate": day(np.where(status == WITHDRAWN, withdrawn, np.datetime64("NaT"))),
    }
