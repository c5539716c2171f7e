"""What the DAGs need beyond wiring: which errors are tried again, what a log may say, what the UI
shows. Imported when DAGs are parsed, so nothing heavy is imported here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

from schemas.contract import Contract, Table
from schemas.errors import PermanentError, TransientError, TributaryError, UnexpectedError

#: Attempts after the first. Airflow itself also uses them where a worker died.
RETRIES = 3
RETRY_DELAY = timedelta(seconds=30)

log = logging.getLogger(__name__)


def shared(owner: str) -> dict[str, Any]:
    """What every DAG is given: one run at a time, nothing made up for, errors by their kind."""
    return {
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {
            "owner": owner,
            "retries": RETRIES,
            "retry_delay": RETRY_DELAY,
            "retry_policy": RetryByKind(),
        },
    }


class RetryByKind(RetryPolicy):
    """Permanent errors fail at once, passing ones are tried again, unexpected ones once.

    Airflow's ``ExceptionRetryPolicy`` has one number of attempts for every rule, and the default
    for exceptions that no rule names is all of them.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Mapping[str, Any] | None = None,
    ) -> RetryDecision:
        """Decide; a cleared task gets ``RETRIES`` attempts anew, hence the difference."""
        left = max_tries - try_number
        if isinstance(exception, PermanentError):
            return RetryDecision.fail("trying again gives the same result")
        if isinstance(exception, TransientError):
            return RetryDecision.retry(RETRY_DELAY * 2 ** max(0, RETRIES - 1 - left))
        if left >= RETRIES - 1:
            return RetryDecision.retry(RETRY_DELAY, "unexpected error, tried once more")
        return RetryDecision.fail("unexpected error again")


@contextmanager
def value_free(step: str) -> Iterator[None]:
    """Let no exception out whose message may quote a value; Airflow logs what a task raises.

    Raises:
        UnexpectedError: in place of any exception that is not ours: its type and where it arose.
    """
    try:
        yield
    except TributaryError as error:
        raise error from None
    except Exception as error:
        raise UnexpectedError.instead_of(error, step) from None


async def deadline_missed(contract: str, context: Mapping[str, Any] | None = None) -> None:
    """Called by Airflow's triggerer when a run has not ended in time; writes one log line."""
    run = ((context or {}).get("dag_run") or {}).get("dag_run_id", "")
    log.error("deadline missed: the run of %s has not ended: %s", contract, run)


def hours_since_delivery(receipts: Path) -> int | None:
    """Hours since a feed's newest receipt was written; none where there is no receipt yet."""
    written = [path.stat().st_mtime for path in receipts.glob("*.receipt.json")]
    if not written:
        return None
    newest = datetime.fromtimestamp(max(written), UTC)
    return int((datetime.now(UTC) - newest) / timedelta(hours=1))


def documentation(contract: Contract) -> str:
    """The page of a feed in Airflow's UI, in Markdown."""
    limits, keeps, schedule = contract.thresholds, contract.retention, contract.schedule
    return f"""\
### {contract.name} {contract.version}
{contract.description}

| | |
|---|---|
| agency | {contract.agency_name} (`{contract.agency}`, {contract.sector}) |
| lane | `{contract.lane}`, custody `{contract.custody}`, profile `{contract.profile}` |
| legal basis | {contract.legal_basis} |
| linked | {contract.linkage.basis if contract.linkage else "nobody"} |
| agreement | {contract.agreement.id}, until {contract.agreement.expires.isoformat()} |
| format | `{contract.format}` |
| looked for | `{schedule.cron}` UTC; overdue after {schedule.deadline_hours} hours |
| refused when | more than {limits.max_quarantined_share:.0%} of a table's rows are quarantined, \
or fewer than {limits.min_rows} rows come |
| deletes believed | up to {limits.max_delete_share:.0%} of the agency's rows |
| kept | landed file {keeps.landing_days} days, de-identified {keeps.deidentified_days}, \
core {keeps.core_days} |

| table | fields that leave | fields dropped | loads |
|---|---|---|---|
{"".join(_row(table) for table in contract.tables)}
### What a run does
| task | side | |
|---|---|---|
| receive | node | takes the oldest waiting delivery into the landing zone, encrypted; \
skipped where nothing waits, failed where the feed is overdue |
| validate | node | quarantines rows by rule, decides accepted, partial or refused |
| deidentify | node | one task per partition; fails closed |
| encode | node | persons for linkage, where the contract links any |
| seal | node | signs one package for the hub |
| load | hub | loads it in one transaction, and writes the ledger |
| receipt | hub | tells the agency by rule and row number what was accepted and what was not |
| dispose | node | destroys the delivery's keys, then its files |
| take_next | node | starts one run more where further deliveries wait |

A refused delivery is no failed run: the agency gets its receipt. After a failed run, clear the \
failed task: every step finds its own earlier work. No value of a record is in any log or XCom.
"""


def _row(table: Table) -> str:
    kept = len(table.kept)
    return f"| {table.name} | {kept} | {len(table.fields) - kept} | {table.loads or ''} |\n"
