"""Every error that a user of the product can meet.

DuijieError
├── FileRefused            a whole file can't be read or written: which one, and why
├── UsageRefused           the request itself makes no sense
├── SettingsRefused        the environment's DUIJIE_* variables can't be used
└── RequestRefused         what someone asks of the marketplace is refused: status, code, sentence
    ├── Malformed          400 can't be read at all
    ├── Unauthorized       401 nobody known asks
    ├── Forbidden          403 known, and not allowed
    ├── NotFound           404 not there, or not visible to who asks
    ├── Conflict           409 against the present state
    ├── PreconditionFailed 412 the version named is not the present one
    ├── TooLarge           413
    ├── Invalid            422 fields are wrong: which ones
    ├── PreconditionRequired 428 a change without the version that it starts from
    ├── TooManyRequests    429 with the seconds to wait
    └── Unavailable        503 with the seconds to wait
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec


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


class SettingsRefused(DuijieError):
    """Variables of the environment can't be used; the sentence names each of them."""


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong at one place of the input, in both languages.

    `place` is a JSON pointer into the body ("#/title") or the name of a query parameter,
    header or path part; `source` says which of these.
    """

    place: str
    zh: str
    en: str
    source: str = "body"


class RequestRefused(DuijieError):
    """A request is refused with `status`; `code` is stable, the sentences are for people."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        code: str,
        zh: str,
        en: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{zh} · {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class Malformed(RequestRefused):
    status = 400


class Unauthorized(RequestRefused):
    status = 401


class Forbidden(RequestRefused):
    status = 403


class NotFound(RequestRefused):
    status = 404

    def __init__(
        self, code: str = "not_found", zh: str = "没有找到", en: str = "There is no such thing."
    ) -> None:
        super().__init__(code, zh, en)


class Conflict(RequestRefused):
    status = 409


class PreconditionFailed(RequestRefused):
    status = 412

    def __init__(self) -> None:
        super().__init__(
            "version_outdated",
            "内容已被修改，请重新读取后再改",
            "It was changed meanwhile: read it again, then change it.",
        )


class TooLarge(RequestRefused):
    status = 413


class Invalid(RequestRefused):
    status = 422

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("invalid", "输入有误", "The input is not valid.", errors=errors)


class PreconditionRequired(RequestRefused):
    status = 428

    def __init__(self) -> None:
        super().__init__(
            "version_required",
            "缺少 If-Match：请带上读取时得到的 ETag",
            "If-Match is missing: send the ETag that you got when you read it.",
        )


class TooManyRequests(RequestRefused):
    status = 429


class Unavailable(RequestRefused):
    status = 503

    def __init__(self, code: str, zh: str, en: str, *, retry_after_s: int = 5) -> None:
        super().__init__(code, zh, en, retry_after_s=retry_after_s)


# What the exit codes of every command mean; 0 is all good.
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_SOME_REFUSED = 3
EXIT_INTERRUPTED = 130
