"""The form in which a file comes to the marketplace, read with a bound and without surprises."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException

from market.errors import FieldError, Invalid, Malformed, TooLarge
from market.exchange.problems import printable
from market.exchange.service import Upload
from schemas.listing_views import ListingKind

# The form's own lines around the file.
_FORM_BYTES = 20_000
_NUMBER = re.compile(r"[0-9]{1,12}")
_SHOWN_CHARACTERS = 100


class ImportForm(msgspec.Struct):
    """The fields of the form. `publishes`: complete listings are published, not kept as drafts."""

    file: UploadFile
    kind: ListingKind
    publishes: bool = False


async def check_form(request: Request[Any, Any, Any]) -> None:
    """Before a route reads the form of an import: see `refuse_form`."""
    await refuse_form(
        request,
        {"kind": Choice(("result", "need")), "publishes": Choice(YES_OR_NO, required=False)},
    )


class Choice(msgspec.Struct, frozen=True):
    """What a field of a form may hold."""

    allowed: tuple[str, ...]
    required: bool = True


YES_OR_NO = ("true", "false")


async def refuse_form(request: Request[Any, Any, Any], choices: Mapping[str, Choice]) -> None:
    """Before a route reads a form of a file and these choices: all that is wrong with it.

    The library knows one limit for all routes, and lets a bad encoding of a field pass for a
    failure of ours.
    """
    _check_head(request)
    try:
        form = await request.form()
    except (LookupError, UnicodeError) as error:
        raise Malformed(
            "malformed", "表单编码无法理解", "The encoding of the form is not understood."
        ) from error
    if errors := list(_errors(form.dict(), choices)):
        raise Invalid(*errors)


async def upload_of(form: ImportForm, limit_bytes: int) -> Upload:
    """Raises TooLarge."""
    content = await content_of(form.file, limit_bytes)
    return Upload(form.file.filename, content, form.kind, form.publishes)


async def content_of(file: UploadFile, limit_bytes: int) -> bytes:
    """Raises TooLarge."""
    content = await file.read()
    if len(content) > limit_bytes:
        raise _too_large(limit_bytes)
    return content


def _check_head(request: Request[Any, Any, Any]) -> None:
    media_type, options = request.content_type
    if media_type != "multipart/form-data" or not options.get("boundary"):
        raise HTTPException(status_code=415)
    limit_bytes = request.app.state.settings.upload_limit_bytes
    length = request.headers.get("content-length", "")
    if not _NUMBER.fullmatch(length):
        raise Malformed(
            "length_required", "缺少 Content-Length", "The header Content-Length is missing."
        )
    if int(length) > limit_bytes + _FORM_BYTES:
        raise _too_large(limit_bytes)


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        "file_too_large",
        f"文件超过 {limit_bytes // 1_000_000} MB，请拆分后再导入",
        f"The file is larger than {limit_bytes // 1_000_000} MB: please split it.",
    )


def _errors(
    form: Mapping[str, Sequence[Any]], choices: Mapping[str, Choice]
) -> Iterator[FieldError]:
    for name, values in form.items():
        if name != "file" and name not in choices:
            yield FieldError(_pointer(name), "没有这个字段", "There is no such field.")
        elif len(values) > 1:
            yield FieldError(_pointer(name), "只能给一次", "May be given only once.")
    if not all(isinstance(each, UploadFile) for each in form.get("file", [None])):
        yield FieldError("#/file", "请选择文件", "A file is needed.")
    for name, choice in choices.items():
        given = form.get(name, [None] if choice.required else [])
        if not _are_in(given, {*choice.allowed}):
            zh, en = " 或 ".join(choice.allowed), " or ".join(choice.allowed)
            yield FieldError(f"#/{name}", f"应为 {zh}", f"Must be {en}.")


def _are_in(values: Sequence[Any], allowed: Set[str]) -> bool:
    return all(isinstance(value, str) and value in allowed for value in values)


def _pointer(name: str) -> str:
    shown = printable(name)[:_SHOWN_CHARACTERS]
    return "#/" + shown.replace("~", "~0").replace("/", "~1")
