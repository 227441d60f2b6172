"""Contact details stay with their owners unless `--with-contacts` says that they agreed."""

from pathlib import Path

import pytest

from tests.market.commands.listings import CONTACTS, needs_csv, results_csv, results_file
from tests.market.commands.runs import Duijie, all_text

OUTPUTS = ["pairs.xlsx", "pairs.csv", "pairs.jsonl"]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("extension", [".csv", ".jsonl", ".xlsx"])
def test_contacts_stay_out_of_every_output(
    extension: str, output: str, folder: Path, duijie: Duijie
) -> None:
    bad = ["R1", "同号", "", "10", "赵六", "13900004444", ""]
    results_csv(folder, bad)
    results = "results.csv" if extension == ".csv" else results_file(folder, extension)
    files = results, needs_csv(folder)

    ran = duijie("pair", *files, "-o", output, "--errors", "refused.csv", "--both-ways")

    assert ran.code == (3 if extension == ".csv" else 0)
    said = all_text(Path(output)) + all_text(Path("refused.csv")) + ran.out + ran.err
    assert [word for word in [*CONTACTS, "赵六", "13900004444"] if word in said] == []
    assert "展位" in said


def test_contacts_stay_out_of_stdout(folder: Path, duijie: Duijie) -> None:
    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "-")

    assert [word for word in CONTACTS if word in ran.out + ran.err] == []


@pytest.mark.parametrize("output", OUTPUTS)
def test_contacts_come_out_with_consent(output: str, folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)

    ran = duijie("pair", *files, "-o", output, "--with-contacts")

    assert ran.code == 0
    assert [word for word in CONTACTS if word not in all_text(Path(output))] == []


def test_json_lines_keep_contacts_and_extras_apart(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "-", "--top", "1", "--with-contacts")

    first = ran.lines[0]
    assert first["need"]["extra"] == {"场次": "上午"}
    assert first["need"]["contacts"] == {"电子邮箱": "boss@example.org"}
    assert first["result"]["extra"] == {"展位": "A区01"}
    assert first["result"]["contacts"] == {"联系人": "张伟", "手机": "13900001111"}
