"""One linear program: HiGHS through scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog

from anonymize.disclosure.dimensions import Floats


def minimise(
    objective: Floats,
    equations: Any,  # noqa: ANN401 - any sparse array
    right: Floats,
    bounds: Floats,
) -> tuple[Floats, Floats] | None:
    """Least ``objective @ x`` where ``equations @ x == right`` and ``bounds`` hold.

    Args:
        equations: sparse array.
        bounds: shape (variables, 2).

    Returns:
        ``x`` and the multipliers of the equations; None where the solver finds no optimum.
    """
    found = linprog(objective, A_eq=equations, b_eq=right, bounds=bounds, method="highs")  # type: ignore[call-overload]
    if found.status != 0:
        return None
    return np.asarray(found.x), np.asarray(found.eqlin.marginals)
