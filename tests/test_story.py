"""The README's story of the marketplace, typed line by line against what `demo --serve` serves."""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.test_readme import readme

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/schema")
_ROLES = [
    "administrator",
    "moderator",
    "institute",
    "enterprise",
    "investor",
    "outpost",
    "organizer",
    "broker",
]


def story() -> str:
    """The shell lines of the story."""
    _, _, rest = readme().partition("<!-- story -->")
    block = rest.partition("<!-- /story -->")[0]
    return block.partition("```sh\n")[2].partition("```")[0]


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """A served demo: its port, and what it printed on stdout."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("DUIJIE_")
    }
    command = [sys.executable, "-m", "market", "demo", "--serve", "--port", "0", "--folder"]
    printed = folder / "printed.txt"
    with (
        printed.open("w") as stdout,
        subprocess.Popen(
            [*command, str(folder / "demo")],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process,
    ):
        assert process.stderr is not None
        try:
            said = iter(process.stderr)
            port = next(found[1] for line in said if (found := _ADDRESS.search(line)))
            yield port, printed.read_text("utf-8")
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
    assert process.returncode == 0


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_story_of_the_readme_runs_line_by_line(tmp_path: Path) -> None:
    with served(tmp_path) as (port, printed):
        accounts = [line.split() for line in printed.splitlines() if "@" in line]
        script = story().replace(":8000/", f":{port}/").replace("as-printed", accounts[0][2])
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert [account[0] for account in accounts] == _ROLES
    answers = answers_in(ran.stdout)
    searched, preview, published, matched, saved, rows, applied, counts = answers[:8]
    opened, registered, matching, drawn, agenda = answers[8:13]
    running, scanned, outcome, order, funnel = answers[13:]
    assert searched["items"][0]["title"].startswith("高湿摩擦系数")
    assert preview["listing"]["organisation_hint"] == "晋江市制鞋业企业"
    assert published["status"] == "published"
    assert matched["items"][0]["counterpart"]["title"] == searched["items"][0]["title"]
    assert matched["items"][0]["score"] > 90
    assert saved["verdict"] == "saved"
    assert [row["action"] for row in rows["items"]] == ["create"]
    assert applied["state"] == "applying"
    assert counts["published"] >= 2
    assert [told["status"] for told in (opened, registered, matching, running)] == [
        *("open", "approved", "matching", "running"),
    ]
    assert drawn["state"] == "published"
    (met,) = agenda["items"]
    assert [each["name"] for each in met["first"]["delegates"]] == ["王芳"]
    assert [each["result"] for each in scanned["items"]] == ["checked_in"]
    assert (outcome["answer"], order["stage"], order["fair_id"]) == (
        *("intent", "intent", matching["id"]),
    )
    assert {each["step"]: each["count"] for each in funnel["steps"]} == {
        "registered": 2,
        "checked_in": 1,
        "planned": 1,
        "held": 1,
        "intent": 1,
        "contract": 0,
    }
    assert met["first"]["organisation"]["name"] in (tmp_path / "配对.csv").read_text("utf-8-sig")
    with zipfile.ZipFile(tmp_path / "资料.zip") as archive:
        assert {"fair.xlsx", "handbook.pdf", "badges.pdf"} <= set(archive.namelist())


def answers_in(text: str) -> list[Any]:
    """The answers, which curl prints without an end of line; one of them is a Python value."""
    answers: list[Any] = []
    decoder = json.JSONDecoder()
    rest = text.strip()
    while rest:
        if rest.startswith("{'"):
            line, _, rest = rest.partition("\n")
            answers.append(ast.literal_eval(line))
        else:
            answer, end = decoder.raw_decode(rest)
            answers.append(answer)
            rest = rest[end:].strip()
    return answers


def test_a_filled_demo_is_served_again_and_tells_no_password(tmp_path: Path) -> None:
    with served(tmp_path):
        pass

    with served(tmp_path) as (_, printed):
        assert printed == ""
