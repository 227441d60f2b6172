"""`python -m market` is `duijie`."""

from market.cli import run

run()
