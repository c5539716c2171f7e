"""Which errors are tried again, and what a log may say."""

from __future__ import annotations

import asyncio
import logging
import os
import traceback

import pytest

from schemas.errors import (
    ContractError,
    DeliveryError,
    PackageError,
    PermanentError,
    PrivacyError,
    SettingsError,
    TransientError,
)

SECRET = "JANE-ROE-555-12-3456"


def _decide(error, try_number=1, max_tries=3):
    from tributary.orchestration import RetryByKind

    return RetryByKind().evaluate(error, try_number, max_tries)


@pytest.mark.parametrize(
    "error",
    [
        PermanentError("x"),
        SettingsError("x"),
        ContractError("x"),
        DeliveryError("RULE", "x"),
        PrivacyError("x"),
        PackageError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_permanent_error_fails_at_once(error):
    assert _decide(error).action.value == "fail"


def test_a_passing_error_is_tried_again_each_time_later():
    delays = [_decide(TransientError("x"), number).retry_delay.seconds for number in (1, 2, 3)]
    assert delays == [30, 60, 120]


def test_an_unexpected_error_is_tried_once_more():
    actions = [_decide(ValueError("x"), number).action.value for number in (1, 2, 3)]
    assert actions == ["retry", "fail", "fail"]


def test_a_cleared_task_starts_counting_anew():
    # Airflow raises max_tries by the number of retries when a task is cleared
    assert _decide(ValueError("x"), try_number=3, max_tries=5).action.value == "retry"
    assert _decide(TransientError("x"), try_number=3, max_tries=5).retry_delay.seconds == 30


class TestValueFree:
    def _raised(self, error):
        from tributary.orchestration import value_free

        try:
            try:
                raise KeyError(SECRET)
            except KeyError:
                with value_free("validate"):
                    raise error  # noqa: B904 - what steps must not do, but might
        except Exception as caught:
            return caught
        raise AssertionError("nothing was raised")

    def test_an_unexpected_error_loses_its_message(self):
        caught = self._raised(ValueError(f"could not convert {SECRET}"))
        assert type(caught).__name__ == "UnexpectedError"
        assert "validate: ValueError at test_orchestration.py:" in str(caught)
        assert SECRET not in "".join(traceback.format_exception(caught))

    def test_our_own_error_stays_but_not_what_caused_it(self):
        error = TransientError("the server is away")
        caught = self._raised(error)
        assert caught is error
        assert SECRET not in "".join(traceback.format_exception(caught))

    def test_a_cause_given_by_a_library_is_cut_off(self):
        error = TransientError("the server is away")
        error.__cause__ = ValueError(SECRET)
        assert SECRET not in "".join(traceback.format_exception(self._raised(error)))

    def test_what_the_airflow_log_renders_holds_no_value(self):
        import structlog

        render = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        local = SECRET  # noqa: F841 - locals are not rendered either
        caught = self._raised(ValueError(SECRET))
        assert SECRET not in repr(render((type(caught), caught, caught.__traceback__)))


def test_a_missed_deadline_names_contract_and_run_and_nothing_of_its_configuration(caplog):
    from tributary.orchestration import deadline_missed

    run = {"dag_run_id": "scheduled__2026-11-22", "conf": {"file": SECRET}}
    with caplog.at_level(logging.ERROR):
        asyncio.run(deadline_missed("a.b", {"dag_run": run}))
    assert "a.b" in caplog.text
    assert "scheduled__2026-11-22" in caplog.text
    assert SECRET not in caplog.text


def test_hours_since_the_newest_receipt(tmp_path):
    from tributary.orchestration import hours_since_delivery

    assert hours_since_delivery(tmp_path / "none") is None
    for name, age in (("a", 50), ("b", 5)):
        path = tmp_path / f"{name}.receipt.json"
        path.write_text("{}")
        then = path.stat().st_mtime - age * 3600 - 60
        os.utime(path, (then, then))
    assert hours_since_delivery(tmp_path) == 5
