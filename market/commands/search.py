"""`duijie search FILE QUERY`: a quick look into one file, without an index to keep."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from market.commands.filters import read_filters
from market.commands.problems import tell_problems
from market.commands.progress import steps_on_stderr
from market.errors import EXIT_SOME_REFUSED
from market.exchange.readers import read_needs, read_results
from market.indexing.documents import document_of_need, document_of_result
from market.listings.facets import facet_label
from schemas.vocab import Lang
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import FACETS, SearchPage, SearchQuery, Sort, Span
from search.synonyms import shipped_synonyms

_SORTS = ("relevance", "price_up", "price_down", "trl_up", "trl_down")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("query", default="")
@click.option("--needs", is_flag=True, help="文件是需求而不是成果 · FILE holds needs, not results")
@click.option("--field", multiple=True, help="技术领域，如 新材料 · field; may be repeated")
@click.option(
    "--industry", multiple=True, help="行业代码或名称的开头，如 C19 · industry prefix or name"
)
@click.option(
    "--division", multiple=True, help="行政区划代码或名称，如 3505、泉州 · division prefix or name"
)
@click.option("--mode", multiple=True, help="合作方式，如 技术许可 · cooperation mode")
@click.option("--trl", help="成熟度，如 6-9、中试 · TRL range or stage")
@click.option("--price", help="价格（需求为预算），如 10万-80万 · price range (budget, for needs)")
@click.option(
    "--organisation", default="", help="单位名称的一部分 · part of the organisation's name"
)
@click.option("--sort", type=click.Choice(_SORTS), default="relevance", show_default=True)
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="跳过前几项 · skip so many hits")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")
def search(
    file: Path,
    query: str,
    needs: bool,
    lang: Lang,
    as_json: bool,
    sort: Sort,
    limit: int,
    offset: int,
    **wanted: Any,
) -> int:
    """在一份成果（或需求）文件中检索，列出命中与分面统计。

    Searches FILE for QUERY; an empty QUERY lists what the filters keep.
    """
    # First the filters: a word that is not understood should not cost the reading of a file.
    asked = SearchQuery(
        text=query,
        filters=read_filters(**wanted),
        facets=FACETS,
        sort=sort,
        limit=limit,
        offset=offset,
        highlight=True,
    )
    documents, refused = _documents(file, needs=needs, lang=lang)
    engine = EmbeddedEngine.in_memory(synonyms=shipped_synonyms())
    engine.upsert_now(documents.values())
    page = engine.search_now(asked)
    if as_json:
        click.echo(json.dumps(_as_object(page, documents), ensure_ascii=False, indent=2))
    else:
        _print(page, documents, offset=offset, lang=lang)
    return EXIT_SOME_REFUSED if refused else 0


def _documents(file: Path, *, needs: bool, lang: Lang) -> tuple[dict[str, SearchDocument], int]:
    """The documents of the file by id, and how many rows were refused."""
    with steps_on_stderr(lang) as steps:
        progress = steps.counter("读取", "Reading")
        if needs:
            read = read_needs(file, lang=lang, progress=progress)
            found = [document_of_need(need) for need in read.listings]
            refused, warnings = read.refused, read.warnings
        else:
            offers = read_results(file, lang=lang, progress=progress)
            found = [document_of_result(result) for result in offers.listings]
            refused, warnings = offers.refused, offers.warnings
    # Of the warnings only the one that explains why nothing is found.
    tell_problems(refused, [w for w in warnings if w.code == "files_swapped"], lang=lang)
    return {document.id: document for document in found}, len(refused)


def _as_object(page: SearchPage, documents: Mapping[str, SearchDocument]) -> dict[str, object]:
    items = [
        # Comparable within one search only: hits with all words stand far above the others.
        {"score": round(hit.score, 4)}
        | {k: v for k, v in msgspec.to_builtins(documents[hit.id]).items() if k not in _UNSAID}
        | {"highlights": msgspec.to_builtins(hit.highlights)}
        for hit in page.hits
    ]
    return {"total": page.total, "items": items, "facets": _facets(page)}


# Of a document what a file does not have.
_UNSAID = frozenset(("version", "published_at_s"))


def _facets(page: SearchPage) -> dict[str, dict[str, int]]:
    """In the order in which they are asked for: what a listing is about comes first."""
    return {name: page.facets[name] for name in FACETS}


def _print(
    page: SearchPage, documents: Mapping[str, SearchDocument], *, offset: int, lang: Lang
) -> None:
    console = Console()
    if not page.total:
        console.print(_EMPTY[lang])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in _HEADERS[lang]:
        table.add_column(header, overflow="fold")
    for rank, hit in enumerate(page.hits, offset + 1):
        document = documents[hit.id]
        table.add_row(
            str(rank),
            Text(hit.id),
            _marked(document.title, hit.highlights.get("title", ())),
            Text(document.organisation),
            _between(document.trl_min, document.trl_max),
            _between(document.price_min_cny, document.price_max_cny),
        )
    if page.hits:
        console.print(table)
    console.print(_TOTAL[lang].format(shown=len(page.hits), total=page.total), style="bold")
    for facet, counts in _facets(page).items():
        if counts:
            # One line each, so that a name and its count stay together.
            console.print(Text(_facet_line(facet, counts, lang)), soft_wrap=True)


def _marked(title: str, spans: Sequence[Span]) -> Text:
    text = Text(title)
    for span in spans:
        text.stylize("bold yellow", span.start, span.end)
    return text


def _between(low: int | None, high: int | None) -> str:
    if low is None or high is None or low == high:
        return "" if low is None and high is None else f"{low if low is not None else high:,}"
    return f"{low:,}–{high:,}"


def _facet_line(facet: str, counts: Mapping[str, int], lang: Lang) -> str:
    shown = list(counts.items())[:_FACET_VALUES_SHOWN]
    named = "  ".join(f"{facet_label(facet, value, lang)} {count}" for value, count in shown)
    rest = " …" if len(counts) > len(shown) else ""
    return f"{_FACET_NAMES[facet][lang == 'en']}: {named}{rest}"


_EMPTY = {
    "zh": "没有找到。换个说法，或放宽筛选条件。",
    "en": "Nothing found. Try other words or fewer filters.",
}
_TOTAL = {"zh": "显示 {shown} 项，共 {total} 项", "en": "{shown} shown of {total}"}
_HEADERS = {
    "zh": ("#", "编号", "名称", "单位", "TRL", "价格/预算（元）"),
    "en": ("#", "Id", "Title", "Organisation", "TRL", "Price/budget (CNY)"),
}
_FACET_VALUES_SHOWN = 8
_FACET_NAMES = {
    "fields": ("领域", "Fields"),
    "industry_sections": ("行业门类", "Industry sections"),
    "provinces": ("省份", "Provinces"),
    "modes": ("合作方式", "Modes"),
    "trl": ("成熟度", "TRL"),
    "price_bands": ("价格", "Price"),
}
