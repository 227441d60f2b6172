"""Every table of the marketplace, so that its metadata is complete."""

import market.accounts.models
import market.deals.models
import market.exchange.models
import market.fair_exports.models
import market.fairs.meeting_models
import market.fairs.models
import market.http.idempotency
import market.indexing.models
import market.jobs
import market.listings.models
import market.matching.models
import market.records.models
import market.subscriptions.models  # noqa: F401
from market.db import Model

metadata = Model.metadata
