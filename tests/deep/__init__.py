"""Runs of many minutes: `pytest -m deep`."""
