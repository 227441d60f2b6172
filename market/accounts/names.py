"""What two spellings of one name or address share."""

import unicodedata

from schemas.vocabulary import match_key

_LONGEST_KEY = 200


def organisation_key(name: str) -> str:
    """Case, width, spaces and punctuation don't tell two organisations apart."""
    key = match_key(name) or unicodedata.normalize("NFKC", name).casefold().strip()
    # Folding makes a few characters longer, and the column is as long as a name.
    return key[:_LONGEST_KEY]


def email_key(email: str) -> str:
    """The form in which addresses are stored and looked up."""
    return email.strip().lower()
