"""Every table of the marketplace, so that its metadata is complete."""

import market.accounts.models
import market.exchange.models
import market.http.idempotency
import market.indexing.models
import market.jobs
import market.listings.models
import market.matching.models
import market.subscriptions.models  # noqa: F401
from market.db import Model

metadata = Model.metadata
