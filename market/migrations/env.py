"""Alembic runs this file; market.migrating hands it an open connection in a transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from market.db import UtcTime
from market.tables import metadata


def render_item(kind: str, item: Any, rendering: AutogenContext) -> str | Literal[False]:
    """Migrations name the library's types, so that they stay what they are when ours change."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        rendering.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by making it anew.
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
context.run_migrations()
