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
    """Before a route reads the form: what is no such form is refused, with all its errors."""
    form = await sent_form(request)
    errors = [
        *file_errors(form, ImportForm.__struct_fields__),
        *choice_errors(form, "kind", {"result", "need"}, "应为 result 或 need", required=True),
        *choice_errors(form, "publishes", {"true", "false"}, "应为 true 或 false"),
    ]
    if errors:
        raise Invalid(*errors)


async def sent_form(request: Request[Any, Any, Any]) -> Mapping[str, Sequence[Any]]:
    """The fields of a form with a file. Raises Malformed, TooLarge.

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
    fields: Mapping[str, Sequence[Any]] = form.dict()
    return fields


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


def file_errors(form: Mapping[str, Sequence[Any]], known: Sequence[str]) -> Iterator[FieldError]:
    """Fields that are not known or come twice, and a file that is none."""
    for name, values in form.items():
        if name not in known:
            yield FieldError(_pointer(name), "没有这个字段", "There is no such field.")
        elif len(values) > 1:
            yield FieldError(_pointer(name), "只能给一次", "May be given only once.")
    if not all(isinstance(each, UploadFile) for each in form.get("file", [None])):
        yield FieldError("#/file", "请选择文件", "A file is needed.")


def choice_errors(
    form: Mapping[str, Sequence[Any]],
    name: str,
    allowed: Set[str],
    zh: str,
    *,
    required: bool = False,
) -> Iterator[FieldError]:
    """A field that says none of the words that it may say."""
    if not _are_in(form.get(name, [None] if required else []), allowed):
        words = " or ".join(sorted(allowed, reverse=True))
        yield FieldError(f"#/{name}", zh, f"Must be {words}.")


def _are_in(values: Sequence[Any], allowed: Set[str]) -> bool:
    return all(isinstance(value, str) and value in allowed for value in values)


def _pointer(name: str) -> str:
    shown = printable(name)[:_SHOWN_CHARACTERS]
    return "#/" + shown.replace("~", "~0").replace("/", "~1")
