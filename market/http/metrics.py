"""The figures that /metrics shows. Each application has its own, so that two never mix."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

MEDIA_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What is counted while the process runs, and what is asked of the database at each look."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "duijie_requests_total",
            "Requests by method, route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "duijie_request_seconds",
            "How long requests took",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "duijie_requests_in_flight", "Requests being answered", registry=self.registry
        )
        self._of_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._jobs = Gauge("duijie_jobs", "Jobs by state", ["state"], registry=self.registry)
        self._oldest_due = Gauge(
            "duijie_oldest_due_job_seconds",
            "How long the oldest due job has waited",
            registry=self.registry,
        )

    def count_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """`method` and `route` must be of a limited number: each combination is kept."""
        key = method, route, status
        found = self._of_request.get(key)
        if found is None:
            # The library looks its figures up by their labels under a lock.
            of_status = self._requests.labels(method, route, str(status))
            found = self._of_request[key] = of_status, self._seconds.labels(method, route)
        requests, seconds = found
        requests.inc()
        seconds.observe(took_s)

    def text(self, jobs: Mapping[Any, int], oldest_due_s: float) -> bytes:
        """All figures in the text format of Prometheus; `jobs` counts them by state."""
        for state, number in jobs.items():
            self._jobs.labels(state).set(number)
        self._oldest_due.set(oldest_due_s)
        return generate_latest(self.registry)
