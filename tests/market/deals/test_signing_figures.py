"""The figures of the documents, entered as rows, come out to the 元."""

from decimal import Decimal

from tests.market.deals.signing import YI, Signing, document_rows


def yi(amount_cny: int) -> Decimal:
    return Decimal(amount_cny) / YI


async def test_the_ceremony_of_the_documents_reconciles(signing: Signing) -> None:
    ceremony_id = await signing.created()

    told = await signing.imported(ceremony_id, document_rows())

    totals = told["totals"]
    assert (told["created"], told["refused"], told["warnings"]) == (53, 0, 0)
    assert totals == (await signing.read(ceremony_id)).json()["totals"]
    assert totals["total"]["projects"] == 53
    assert yi(totals["total"]["amount_cny"]) == Decimal("352.55")
    assert totals["framework"] == {"projects": 0, "amount_cny": 0}
    finance, industry = totals["by_kind"]
    assert (industry["kind"], industry["projects"]) == ("industry", 47)
    assert yi(industry["amount_cny"]) == Decimal("259.55")
    assert (finance["kind"], finance["projects"]) == ("finance", 6)
    assert yi(finance["amount_cny"]) == Decimal("93.00")
    on_stage, off_stage = [
        part for part in totals["by_kind_and_stage"] if part["kind"] == "industry"
    ]
    assert (on_stage["is_on_stage"], on_stage["projects"]) == (True, 24)
    assert (off_stage["is_on_stage"], off_stage["projects"]) == (False, 23)
    assert on_stage["amount_cny"] + off_stage["amount_cny"] == industry["amount_cny"]
    assert sum(batch["amount_cny"] for batch in totals["by_batch"]) == 35_255_000_000


async def test_each_number_is_its_rows(signing: Signing) -> None:
    ceremony_id = await signing.created()
    told = await signing.imported(ceremony_id, document_rows())

    for part in told["totals"]["by_kind_and_stage"]:
        asked = {"kind": part["kind"], "is_on_stage": str(part["is_on_stage"]).lower()}
        rows = await signing.projects(ceremony_id, **asked)
        assert len(rows) == part["projects"]
        assert sum(row["amount_cny"] for row in rows) == part["amount_cny"]
    for part in told["totals"]["by_batch"]:
        rows = await signing.projects(ceremony_id, batch=part["batch"], limit=7)
        assert sum(row["amount_cny"] for row in rows) == part["amount_cny"]


async def test_framework_agreements_are_counted_apart(signing: Signing) -> None:
    ceremony_id = await signing.created()
    agreement = ["KJ-1", "共建研究院", "大学、市政府", "战略合作框架协议", "20", "上台", "", ""]
    bare = ["KJ-2", "战略合作", "银行、市政府", "战略合作协议", "", "上台", "", ""]

    told = await signing.imported(ceremony_id, [*document_rows(), agreement, bare])

    assert told["warnings"] == 0
    assert told["totals"]["total"] == {"projects": 53, "amount_cny": 35_255_000_000}
    assert told["totals"]["framework"] == {"projects": 2, "amount_cny": 20 * YI}
