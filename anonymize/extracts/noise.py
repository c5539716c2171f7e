"""Keyed cell noise: the cell-key method of the ABS and the UK census.

Every counted unit has a random number of its own, its record key; the sum of the record keys in a
cell, wrapped, is the cell's key, and the cell's key picks its noise out of a fixed distribution
(Thompson, Broadfoot and Elazar 2013; ONS, Protecting personal data in Census 2021 results). The
same units therefore get the same noise in whatever table they stand, and asking again averages
nothing away. Record keys come from a secret here, so that nobody can compute them, and the same
secret gives the same noise in the next release.

The distribution is the one of most entropy among those of mean 0, of the variance asked for, that
change no count by more than ``max_noise`` and leave none from 1 to ``min_cell`` - 1 (Giessing 2016;
R package ptable, parameters V, D and js). Counts below ``min_cell`` thus become 0 or at least
``min_cell``, on average themselves, with the least variance that can do so; 0 stays 0. A published
number may stand for a smaller true one, and an absent cell for none or for a few: say so beside the
table. Noise does not add up: margins carry their own.

What it is not: a guarantee. Whoever may ask for ever more tables can average noise of different
cells that sum up to the same one (Asghar and Kaafar 2020), and whoever knows all rows of a cell but
one learns about that one from the noise's distribution. Where every count outside a member is to be
0 or ``min_cell`` (DESIGN.md rule 7), ``anonymize.disclosure`` decides first what is hidden, and
noise goes onto what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.extracts.classes import Coded, Codes, class_ids, coded
from connectors.zones.secret import derive_key, require_strong
from schemas.errors import DeliveryError, PrivacyError

Keys = npt.NDArray[np.uint64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """A distribution of noise for every count.

    Attributes:
        variance: of the noise on counts well above ``min_cell``.
        max_noise: the most a count changes.
        min_cell: smallest number that is published.

    Raises:
        PrivacyError: no distribution is of mean 0 under these limits.
    """

    variance: float = 4.0
    max_noise: int = 12
    min_cell: int = 11

    def __post_init__(self) -> None:
        # A count of min_cell must be able to reach 0, and the next ones to go down at all.
        least = self.min_cell + 1
        most = 0.9 * (self.max_noise + 1 - self.min_cell) * self.max_noise
        if self.min_cell < 2 or self.max_noise < least or not 0 < self.variance <= most:
            raise PrivacyError(
                f"cell noise needs max_noise of at least {least} for min_cell {self.min_cell}, and "
                f"a variance above 0 and up to {max(most, 0):g}"
            )

    def distribution(self, count: int) -> tuple[Codes, Reals]:
        """Changes that a count may undergo, ascending, and their probabilities."""
        if count == 0:
            return np.zeros(1, np.int64), np.ones(1)
        # Far enough from 0 and min_cell, all counts are treated alike.
        return _distribution(self, min(count, self.min_cell + self.max_noise))

    @cached_property
    def _allowed(self) -> Codes:
        return np.arange(-self.max_noise, self.max_noise + 1)

    def applied(self, counts: Codes, uniform: Reals) -> Codes:
        """Counts with their noise.

        Args:
            counts: true ones, 0 or more.
            uniform: a number from 0 to 1, below 1, for each count.
        """
        noisy = counts.copy()
        alike = np.minimum(counts, self.min_cell + self.max_noise)
        for count in np.unique(alike[alike > 0]).tolist():
            changes, probability = self.distribution(count)
            mine = alike == count
            place = np.searchsorted(np.cumsum(probability)[:-1], uniform[mine], side="right")
            noisy[mine] += changes[place]
        return noisy


@cache
def _distribution(noise: Noise, count: int) -> tuple[Codes, Reals]:
    target = count + noise._allowed
    changes = noise._allowed[(target == 0) | (target >= noise.min_cell)]
    below, above = int(changes[changes <= 0].max()), int(changes[changes >= 0].min())
    if noise.variance <= -below * above:
        # Nothing between the two nearest numbers may be published: no variance is less.
        low = above / (above - below)
        return np.array([below, above]), np.array([low, 1 - low])
    return changes, _most_entropy(changes.astype(float), noise.variance)


def _most_entropy(changes: Reals, variance: float) -> Reals:
    """The probabilities of most entropy with mean 0 and this variance: exp(a v + b v^2), with a and
    b from the convex dual."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp, softmax

    scale = np.abs(changes).max()
    moments = np.stack([changes / scale, (changes**2 - variance) / scale**2])

    def dual(weights: Reals) -> tuple[float, Reals]:
        exponents = weights @ moments
        return float(logsumexp(exponents)), moments @ softmax(exponents)

    start = np.array([0.0, -(scale**2) / (2 * variance)])
    found = minimize(dual, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    if np.abs(found.jac).max() > 1e-6:
        raise PrivacyError("no cell noise of this variance; choose another")
    probability: Reals = softmax(found.x @ moments)
    return probability


def noisy_counts(
    table: pa.Table, dimensions: Sequence[str], unit: str, *, noise: Noise, secret: bytes, data: str
) -> pa.Table:
    """Counts of distinct units by ``dimensions``, with their noise.

    Args:
        unit: column that names the person or incident counted.
        secret: 32 random bytes that stay the same over releases.
        data: name of the data; the same units have unrelated noise in another.

    Returns:
        columns of text for the dimensions (unknown is null) and ``count``, at least ``min_cell``.
        Cells that are not listed are 0, or as small as to have become so.

    Raises:
        DeliveryError: a column is missing.
        PrivacyError: a row names no unit.
        SettingsError: the secret is too weak.
    """
    key = derive_key(require_strong(secret, "the secret of cell noise"), "cell-key", data)
    if missing := sorted({*dimensions, unit} - set(table.column_names)):
        raise DeliveryError("COLUMN-MISSING", f"the table lacks {', '.join(missing)}")
    units = coded(table[unit], unit)
    if None in units.values:
        raise PrivacyError(f"a row without {unit} has no noise of its own")
    columns = [coded(table[name], name) for name in dimensions]
    ids, cells = class_ids([(one.codes, len(one.values)) for one in columns], table.num_rows)
    pairs = np.unique(ids * max(len(units.values), 1) + units.codes)
    cell, member = np.divmod(pairs, max(len(units.values), 1))
    counts = np.bincount(cell, minlength=cells).astype(np.int64)
    starts = np.cumsum(counts) - counts
    # Unsigned sums wrap, which keeps them uniform and independent of the order of rows.
    sums = np.add.reduceat(record_keys(units, key)[member], starts) if cells else np.empty(0, "<u8")
    published = noise.applied(counts, uniforms(sums, key))
    listed = np.flatnonzero(published)
    first = np.zeros(cells, np.int64)
    first[ids] = np.arange(table.num_rows)
    return pa.table(
        {
            **{
                name: pa.array(one.values, pa.string()).take(pa.array(one.codes[first[listed]]))
                for name, one in zip(dimensions, columns, strict=True)
            },
            "count": pa.array(published[listed]),
        }
    )


def record_keys(units: Coded, key: bytes) -> Keys:
    """64 bits for each distinct unit, that nobody can tell without ``key``."""
    digests = (
        hashlib.blake2b(str(unit).encode(), digest_size=8, key=key, person=b"record").digest()
        for unit in units.values
    )
    return np.frombuffer(b"".join(digests), "<u8")


def uniforms(cell_keys: Keys, key: bytes) -> Reals:
    """A number from 0 to 1 for each cell key; hashed once more, for keys of cells add up as cells
    do."""
    digests = (
        hashlib.blake2b(one.tobytes(), digest_size=8, key=key, person=b"cell").digest()
        for one in cell_keys.astype("<u8")
    )
    # 53 bits fit a float exactly, so that 1 is never reached.
    return (np.frombuffer(b"".join(digests), "<u8") >> np.uint64(11)) / 2.0**53
