"""Keeps the line that every request writes to the log out of runs of many thousand requests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def without_request_log() -> Iterator[None]:
    before = structlog.get_config()
    errors_only = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=errors_only)
    try:
        yield
    finally:
        structlog.configure(**before)
