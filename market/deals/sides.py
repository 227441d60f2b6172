"""The two sides of an order, and what kinds of organisations may stand on them."""

from collections.abc import Mapping

from schemas.deals import OrderSide

SIDES: Mapping[OrderSide, frozenset[str]] = {
    "institute": frozenset({"institute", "outpost", "broker"}),
    "enterprise": frozenset({"enterprise", "investor", "outpost", "broker"}),
}
PARTIES = SIDES["institute"] | SIDES["enterprise"]
