"""News of fairs to people, calendar links, and instant mails that wait for one another."""

import sqlalchemy as sa
from alembic import op

revision = "6c1f0a7be2d4"
down_revision = "df33c9db4d70"
branch_labels = None
depends_on = None

_IS_UNTOLD = sa.text("told_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "fair_calendar_links",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_fair_calendar_links_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_fair_calendar_links_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_fair_calendar_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_fair_calendar_links_token_hash")),
    )
    op.add_column(
        "subscriptions", sa.Column("next_mail_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("fair_notices", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    # What was there to be read before nobody is told of late.
    op.execute("UPDATE fair_notices SET told_at = created_at")
    op.create_index(
        "ix_fair_notices_untold",
        "fair_notices",
        ["fair_id", "organisation_id"],
        sqlite_where=_IS_UNTOLD,
        postgresql_where=_IS_UNTOLD,
    )
