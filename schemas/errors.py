"""Every error Tributary raises on purpose.

    TributaryError
    ├── PermanentError              trying again gives the same result: fail at once
    │   ├── SettingsError      10   the installation is not set up
    │   ├── ContractError      11   a contract does not load, or its agreement has ended
    │   ├── DeliveryError      12   a delivery cannot be read, or was refused
    │   ├── PrivacyError       13   the privacy step failed closed: no rows, never raw rows
    │   │   └── LeakError      13   an identifier stands in what would leave: the delivery stops
    │   └── PackageError       14   the hub refuses a package that is not sealed as agreed
    ├── TransientError         20   network, lock, database away: worth a retry
    └── UnexpectedError         1   a fault nobody foresaw, without its message

The number is the exit code of the command line, so that an operator can tell the cause without
access to a log. No message holds a value out of a record: a message names contract, table, field,
rule code and row number, and says what to do. Code that catches a library's exception raises ours
``from None``, because parsers and drivers quote the value they choked on.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from types import MappingProxyType


class TributaryError(Exception):
    """Root of the tree. ``str(error)`` is safe to log, store and show."""

    exit_code = 1


class PermanentError(TributaryError):
    """Trying again cannot help; Airflow fails the task at once."""


class SettingsError(PermanentError):
    """The installation lacks a setting, a secret or a directory."""

    exit_code = 10


class ContractError(PermanentError):
    """A contract does not load or no longer permits a delivery."""

    exit_code = 11


class DeliveryError(PermanentError):
    """A delivery cannot be read as a whole; nothing of it is loaded.

    Args:
        code: stable rule code from the catalogue in ``schemas/rules``.
        detail: what is wrong and what to do, without any value from the delivery.
        table: table the fault was found in, if it is in one.
        field: field the fault was found in.
        row: row number in the source file, counted as ``connectors.formats.base`` says.
    """

    exit_code = 12

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        table: str | None = None,
        field: str | None = None,
        row: int | None = None,
    ) -> None:
        self.code, self.detail = code, detail
        self.table, self.field, self.row = table, field, row
        place = ".".join(part for part in (table, field) if part)
        where = " ".join(part for part in (place, f"row {row}" if row is not None else "") if part)
        super().__init__(f"{code}{f' at {where}' if where else ''}: {detail}")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword arguments do not survive the pickling between worker processes.
        return (_rebuild_delivery_error, (self.code, self.detail, self.table, self.field, self.row))


def _rebuild_delivery_error(
    code: str, detail: str, table: str | None, field: str | None, row: int | None
) -> DeliveryError:
    return DeliveryError(code, detail, table=table, field=field, row=row)


class PrivacyError(PermanentError):
    """De-identification could not be carried out; the step yields no rows."""

    exit_code = 13


class LeakError(PrivacyError):
    """An identifier stands in what would leave the agency node; nothing of the delivery leaves.

    Args:
        contract: of the delivery.
        table: table of the delivery.
        field: output field.
        rows: row numbers in the source file, the first ``ROWS_NAMED`` of a batch.
        scope: a word of ``SCOPES``.
    """

    #: Row numbers a message names at most.
    ROWS_NAMED = 8
    #: What the value holds -> what to do.
    SCOPES = MappingProxyType(
        {
            "record": (
                "an identifier of its own record",
                "report this fault of the masking, and set the field to `drop` until it is mended",
            ),
            "delivery": (
                "a name, number or contact of a record of the delivery",
                "report this fault of the masking, and set the field to `drop` until it is mended",
            ),
            "pattern": (
                "what looks like an SSN, a telephone number, an e-mail address or a plate",
                "look at the rows in the source; if it is one, set the field to `drop`",
            ),
            "list": (
                "what its operator cannot have made",
                "check the field's code list, pattern and operator",
            ),
        }
    )

    def __init__(
        self, contract: str, table: str, field: str, rows: tuple[int, ...], scope: str
    ) -> None:
        self.contract, self.table, self.field, self.rows = contract, table, field, rows
        self.scope = scope
        holds, remedy = self.SCOPES[scope]
        named = ", ".join(str(row) for row in rows)
        super().__init__(
            f"contract {contract}: {table}.{field} at row {named} holds {holds} (scope {scope}); "
            f"the delivery is stopped and nothing of it leaves: {remedy}, then run it again"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return LeakError, (self.contract, self.table, self.field, self.rows, self.scope)


class PackageError(PermanentError):
    """A package is not sealed, not complete or not what its contract allows."""

    exit_code = 14


class TransientError(TributaryError):
    """A passing fault; Airflow retries."""

    exit_code = 20


class UnexpectedError(TributaryError):
    """A fault nobody foresaw: its type and place, for its message may quote a value."""

    @classmethod
    def instead_of(cls, error: BaseException, doing: str) -> UnexpectedError:
        """What may be said of ``error``: its type and the line it arose in."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind, file = type(error).__name__, Path(place.filename).name
        return cls(f"{doing}: {kind} at {file}:{place.lineno}")
