"""Exports as the structs that go out."""

from typing import cast

from market.fair_exports.models import FairExport
from schemas.fair_exports import (
    FairCsvEncoding,
    FairExportContent,
    FairExportFormat,
    FairExportState,
    FairExportView,
)
from schemas.vocab import Lang


def export_view(export: FairExport, lang: Lang) -> FairExportView:
    address = f"/api/v1/fairs/{export.fair_id}/exports/{export.id}/file"
    return FairExportView(
        id=str(export.id),
        fair_id=str(export.fair_id),
        content=cast(FairExportContent, export.content),
        format=cast(FairExportFormat, export.format),
        lang=cast(Lang, export.lang),
        encoding=cast(FairCsvEncoding, export.encoding),
        plan_id=None if export.plan_id is None else str(export.plan_id),
        state=cast(FairExportState, export.state),
        progress=export.progress,
        file_name=export.file_name,
        size_bytes=export.size_bytes,
        sha256=export.sha256,
        url=address if export.state == "done" else None,
        problem=export.problem[lang] if export.problem else None,
        created_at=export.created_at,
        finished_at=export.finished_at,
        expires_at=export.expires_at,
    )
