"""The part of Airflow's REST API that the demo and the tests use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from schemas.errors import TransientError

_ACTIVE = ("queued", "running")


class Api:
    """A client of the local api-server.

    Every method raises ``TransientError`` where the server does not answer as agreed.
    """

    def __init__(self, address: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=30, trust_env=False)
        self._login = {"username": user, "password": password}

    def close(self) -> None:
        self._client.close()

    def health(self) -> dict[str, str]:
        """Status of each component (healthy, unhealthy, none), or nothing before it answers."""
        try:
            answer = self._client.get("/api/v2/monitor/health").json()
        except (httpx.HTTPError, ValueError):
            return {}
        return {name: (part or {}).get("status") or "none" for name, part in answer.items()}

    def dags(self) -> set[str]:
        """Ids of the DAGs that can run."""
        return {dag["dag_id"] for dag in self._get("dags", "dags")}

    def broken_files(self) -> list[str]:
        """Names of the DAG files that do not load."""
        return [broken["filename"] for broken in self._get("importErrors", "import_errors")]

    def trigger(self, dag: str) -> str:
        """Start one run; returns its id."""
        started = self._call("POST", f"dags/{dag}/dagRuns", json={"logical_date": None})
        return str(started["dag_run_id"])

    def runs(self, dag: str = "~", states: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Runs of one DAG, or of all, oldest first."""
        return self._get(f"dags/{dag}/dagRuns", "dag_runs", state=list(states), order_by="id")

    def active_runs(self) -> list[dict[str, Any]]:
        return self.runs(states=_ACTIVE)

    def tasks(
        self, dag: str = "~", run: str = "~", states: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Task instances of one run, or of all."""
        place = f"dags/{dag}/dagRuns/{run}/taskInstances"
        return self._get(place, "task_instances", state=list(states))

    def xcoms(self, dag: str, run: str, task: str) -> list[dict[str, Any]]:
        """What a task handed on: keys, and the values behind them under ``value``."""
        place = f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries"
        return self._get(place, "xcom_entries")

    def _get(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        query = {name: value for name, value in query.items() if value}
        found: list[dict[str, Any]] = self._call("GET", path, params={"limit": 100, **query})[key]
        return found

    def _call(self, method: str, path: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            if "Authorization" not in self._client.headers:
                token = self._client.post("/auth/token", json=self._login).raise_for_status()
                bearer = token.json()["access_token"]
                self._client.headers["Authorization"] = f"Bearer {bearer}"
            answer = self._client.request(method, f"/api/v2/{path}", **given).raise_for_status()
            found: dict[str, Any] = answer.json()
            return found
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            raise TransientError(f"Airflow answered {code} to {method} {path}") from None
        except (httpx.HTTPError, ValueError, KeyError):
            raise TransientError(f"Airflow does not answer {method} {path}") from None
