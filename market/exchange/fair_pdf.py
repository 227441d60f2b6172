"""The handbook and the badges of a fair as PDF, set by typst with fonts from a package.

User text goes to the templates as JSON and is never part of their markup. Both packages are the
extra `fairs`: 50 MB that nobody needs who only wants tables.
"""

import io
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import segno
from segno.encoder import DataOverflowError

from market.errors import DuijieError
from market.exchange.fair_agendas import FairView
from market.exchange.fair_handbook import badges_of, handbook_of

if TYPE_CHECKING:
    import typst

_NEEDED = ("typst", "pylopdf_fonts_zh_cn")
PDF_MISSING = (
    "没有生成手册和胸卡（PDF）：请先安装 pip install 'duijie[fairs]'",
    "handbook and badges (PDF) are left out: pip install 'duijie[fairs]' first",
)


class PdfMissing(DuijieError):
    """The packages that set pages are not installed."""

    def __init__(self) -> None:
        super().__init__(" · ".join(PDF_MISSING))


def can_set_pages() -> bool:
    """Whether the extra `fairs` is installed."""
    return all(find_spec(name) is not None for name in _NEEDED)


def handbook_pdf(view: FairView) -> bytes:
    """Programme, zones, participants with listings and agendas, table plan. Raises PdfMissing."""
    return _set("handbook.typ", handbook_of(view, qr_svg), view)


def badges_pdf(view: FairView) -> bytes:
    """A badge for every delegate, eight on a page of A4. Raises PdfMissing."""
    return _set("badges.typ", badges_of(view, qr_svg), view)


def qr_svg(payload: str) -> str:
    """The QR code as SVG; "" for a payload that fits into none."""
    if not payload:
        return ""
    try:
        code = segno.make_qr(payload, error="m", encoding="utf-8")
    except DataOverflowError:
        return ""
    file = io.BytesIO()
    code.save(file, kind="svg", border=1, xmldecl=False, nl=False)
    return file.getvalue().decode()


def _set(template: str, book: Mapping[str, object], view: FairView) -> bytes:
    if not can_set_pages():
        raise PdfMissing
    # Only here: the extra may be missing, and the compiler takes a moment to load.
    import typst  # noqa: PLC0415

    source = (resources.files("market.exchange") / "pages" / template).read_bytes()
    return typst.compile(
        source,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"book": msgspec.json.encode(book).decode()},
        timestamp=int(view.book.planned_at.timestamp()),
        pdf_tags=False,
    )


@cache
def _fonts() -> "typst.Fonts":
    # As above; read once, as a run sets several files.
    import pylopdf_fonts_zh_cn  # noqa: PLC0415
    import typst  # noqa: PLC0415

    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    return typst.Fonts(include_system_fonts=False, font_paths=[folder])
