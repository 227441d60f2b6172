"""The files of deploy/ hold together, as far as that can be seen without containers."""

import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from market.cli import duijie
from market.settings import ABOUT, PREFIX, settings_from

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def example() -> dict[str, str]:
    lines = (DEPLOY / "settings.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def our_services() -> dict[str, Any]:
    return {
        name: service
        for name, service in compose()["services"].items()
        if service["image"] == "duijie"
    }


def test_compose_file_is_of_the_specification() -> None:
    schema = resources.files("check_jsonschema").joinpath(
        "builtin_schemas", "vendor", "compose-spec.json"
    )

    jsonschema.validate(compose(), json.loads(schema.read_text(encoding="utf-8")))


def test_every_service_waits_for_what_it_needs() -> None:
    waits = {name: set(one.get("depends_on", {})) for name, one in compose()["services"].items()}

    assert waits == {
        "database": set(),
        "search": set(),
        "migrate": {"database"},
        "api": {"migrate", "search"},
        "worker": {"migrate", "search"},
    }


def test_only_workers_have_the_keys_that_write() -> None:
    secret = {"DUIJIE_SEARCH_WRITER_KEY", "DUIJIE_SEARCH_ADMIN_KEY", "MEILI_MASTER_KEY"}

    held = {name: secret & set(one["environment"]) for name, one in compose()["services"].items()}

    assert held == {
        "database": set(),
        "search": {"MEILI_MASTER_KEY"},
        "migrate": set(),
        "api": set(),
        "worker": {"DUIJIE_SEARCH_WRITER_KEY", "DUIJIE_SEARCH_ADMIN_KEY"},
    }


def test_no_file_holds_a_secret() -> None:
    secrets = {name: value for name, value in example().items() if re.search("KEY|PASSWORD", name)}

    assert secrets == dict.fromkeys(
        (
            "POSTGRES_PASSWORD",
            "MEILI_MASTER_KEY",
            "DUIJIE_SEARCH_KEY",
            "DUIJIE_SEARCH_WRITER_KEY",
            "DUIJIE_SEARCH_ADMIN_KEY",
        ),
        "",
    )


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.*")), ids=lambda path: path.name)
def test_every_variable_of_ours_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bDUIJIE_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8")))

    assert named <= {f"{PREFIX}{name.upper()}" for name in ABOUT}


def test_example_settings_are_understood() -> None:
    settings = settings_from(example())

    assert settings.search_url == "http://127.0.0.1:7700"
    assert settings.public_url == "https://duijie.example.cn"


def test_commands_of_services_exist() -> None:
    commands = [one["command"] for one in our_services().values()]
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=\S+/duijie (.+)$", unit.read_text(), re.MULTILINE)
        commands.append(line.split())

    for name, *arguments in commands:
        command = duijie.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        command.make_context(name, list(arguments), resilient_parsing=False)


def test_variables_of_services_are_understood() -> None:
    for service in our_services().values():
        filled = {
            name: re.sub(r"\$\{\w+(?::[-?][^}]*)?\}", "filled-in", value)
            for name, value in service["environment"].items()
        }
        settings = settings_from(filled)
        assert settings.database_url == "postgresql+psycopg://duijie:filled-in@database/duijie"
        assert settings.search_url == "http://search:7700"
        assert msgspec.structs.asdict(settings)["public_url"] == "filled-in"


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="needs systemd-analyze (Debian: systemd)"
)
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_sound(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "duijie"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace("/opt/duijie/bin/duijie", str(program))
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    name = unit.name.replace("@", "@1")

    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx (Debian: nginx-light)")
def test_proxy_configuration_is_sound(tmp_path: Path) -> None:
    _make_certificate(tmp_path)
    site = (
        (DEPLOY / "nginx.conf")
        .read_text(encoding="utf-8")
        .replace("/etc/ssl/duijie", str(tmp_path))
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;\n{site}\n}}\n",
        encoding="utf-8",
    )

    ran = subprocess.run(
        ["nginx", "-t", "-q", "-c", str(whole)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=duijie.example.cn"),
            *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
        ],
        capture_output=True,
        timeout=60,
        check=True,
    )
