"""Every error that a user of the product can meet.

DuijieError
├── FileRefused        a whole file can't be read or written: which one, and why
└── UsageRefused       the request itself makes no sense
"""


class DuijieError(Exception):
    """A failure that is told to the user as one sentence, without a traceback."""


class FileRefused(DuijieError):
    """A file can't be read or written at all. `reason` is a sentence for its owner."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class UsageRefused(DuijieError):
    """What was asked for can't be done as asked."""


# What the exit codes of every command mean; 0 is all good.
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_SOME_REFUSED = 3
EXIT_INTERRUPTED = 130
