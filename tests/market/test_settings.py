"""Settings from variables: each is read, and every wrong one is named at once."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from market.errors import SettingsRefused
from market.settings import ABOUT, PREFIX, Settings, settings_from, settings_table

FIELDS = [field.name for field in msgspec.structs.fields(Settings)]

# For each setting a text that is not its default, and what it means.
READ: dict[str, tuple[str, Any]] = {
    "data_folder": ("/srv/数据", Path("/srv/数据")),
    "database_url": ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    "database_pool_size": ("5", 5),
    "sqlite_synchronous": ("NORMAL", "NORMAL"),
    "search_url": (" http://suche:7700/ ", "http://suche:7700"),
    "search_key": ("lesen", "lesen"),
    "search_writer_key": ("schreiben", "schreiben"),
    "search_admin_key": ("verwalten", "verwalten"),
    "search_prefix": ("jinjiang-", "jinjiang-"),
    "search_timeout_ms": ("2500", 2_500),
    "search_fallback": ("embedded", "embedded"),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "public_url": ("https://example.cn", "https://example.cn"),
    "forwarded_allow_ips": ("10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2"),
    "lang": ("en", "en"),
    "log_format": ("json", "json"),
    "log_level": ("DEBUG", "DEBUG"),
    "registration_open": ("false", False),
    "session_idle_days": ("3", 3),
    "session_days": ("30", 30),
    "invitation_days": ("2", 2),
    "password_reset_minutes": ("15", 15),
    "logins_per_quarter_hour": ("5", 5),
    "listing_days": ("180", 180),
    "order_reminder_days": ("7", 7),
    "order_lapse_days": ("60", 60),
    "body_limit_bytes": ("2000", 2_000),
    "upload_limit_bytes": ("3000", 3_000),
    "worker_lease_s": ("90", 90),
    "worker_poll_ms": ("250", 250),
    "shutdown_s": ("7", 7),
    "metrics_open": ("1", True),
    "saved_searches_per_organisation": ("7", 7),
    "webhook_endpoints_per_organisation": ("3", 3),
    "mails_per_organisation_day": ("20", 20),
    "instant_mail_minutes": ("5", 5),
    "expiry_notice_days": ("30", 30),
    "alert_stream_s": ("60", 60),
    "outgoing_private_hosts": ("crm.local:8443", "crm.local:8443"),
    "smtp_host": ("mail.example.cn", "mail.example.cn"),
    "smtp_port": ("465", 465),
    "smtp_username": ("bot", "bot"),
    "smtp_password": ("geheim", "geheim"),
    "smtp_security": ("tls", "tls"),
    "smtp_sender": ("bot@example.cn", "bot@example.cn"),
}


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def test_without_variables_all_settings_are_the_defaults() -> None:
    assert settings_from({}) == Settings()


def test_variables_of_other_programs_are_ignored() -> None:
    others = {"PORT": "x", "duijie_port": "x", "DUIJIE_TEST_DATABASE_URL": "x"}

    assert settings_from(others) == Settings()


@pytest.mark.parametrize("name", FIELDS)
def test_each_variable_is_read_and_changes_its_setting_alone(name: str) -> None:
    text, value = READ[name]

    settings = settings_from({_variable(name): text})

    assert settings == msgspec.structs.replace(Settings(), **{name: value})
    assert settings != Settings()


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("", ""),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d?sslmode=require",) * 2,
        ("sqlite:////srv/d.db", "sqlite+aiosqlite:////srv/d.db"),
        ("sqlite+aiosqlite:///d.db",) * 2,
    ],
)
def test_url_of_the_database_always_names_its_driver(url: str, stored: str) -> None:
    assert settings_from({"DUIJIE_DATABASE_URL": url}).database_url == stored


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "http"),
        ("port", "-1"),
        ("port", "65536"),
        ("port", ""),
        ("port", "8000.5"),
        ("session_days", "0"),
        ("worker_lease_s", "0"),
        ("lang", "fr"),
        ("log_level", "loud"),
        ("sqlite_synchronous", "OFF"),
        ("registration_open", "maybe"),
        ("data_folder", " "),
        ("search_url", "localhost:7700"),
        ("search_url", "ftp://h"),
        ("search_url", "http://h?key=1"),
        ("search_prefix", "a b"),
        ("search_prefix", "对接"),
        ("search_fallback", "yes"),
    ],
)
def test_value_that_makes_no_sense_is_refused_by_the_name_of_its_variable(
    name: str, text: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        settings_from({_variable(name): text})

    assert str(refused.value).startswith(f"{_variable(name)}={text!r}：无法理解 · not understood (")


@pytest.mark.parametrize("url", ["mysql://u:geheim@h/d", "postgresql+asyncpg://u:geheim@h/d"])
def test_refused_url_of_the_database_is_not_shown_for_its_password(url: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        settings_from({"DUIJIE_DATABASE_URL": url})

    assert str(refused.value) == (
        "DUIJIE_DATABASE_URL：无法理解 · not understood (sqlite:///… or postgresql+psycopg://…)"
    )


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsRefused) as refused:
        settings_from(
            {"DUIJIE_PORT": "0", "DUIJIE_SHUTDOWN_S": "0", "DUIJIE_LANGUAGE": "zh", "DUIJIE_": "1"}
        )

    assert str(refused.value) == (
        "DUIJIE_：没有这个设置 · there is no such setting; "
        "DUIJIE_LANGUAGE：没有这个设置 · there is no such setting; "
        "DUIJIE_SHUTDOWN_S='0'：无法理解 · not understood (>= 1)"
    )


def test_database_and_index_lie_in_the_data_folder_unless_said_otherwise() -> None:
    embedded = Settings(data_folder=Path("/srv/d"))
    apart = Settings(database_url="postgresql+psycopg://h/d")

    assert embedded.url_of_database == "sqlite+aiosqlite:////srv/d/duijie.db"
    assert embedded.index_folder == Path("/srv/d/index")
    assert apart.url_of_database == "postgresql+psycopg://h/d"


def test_each_key_of_the_search_engine_stands_in_for_those_with_more_rights() -> None:
    one = Settings(search_key="a")
    two = Settings(search_key="a", search_writer_key="b")
    three = Settings(search_key="a", search_writer_key="b", search_admin_key="c")

    assert one.keys_of_search == ("a", "a", "a")
    assert two.keys_of_search == ("a", "b", "b")
    assert three.keys_of_search == ("a", "b", "c")


def test_every_setting_is_explained_in_both_languages() -> None:
    assert list(ABOUT) == FIELDS
    assert all(about.zh and about.en for about in ABOUT.values())


def test_table_has_a_row_for_each_setting_with_its_default() -> None:
    rows = settings_table().splitlines()

    assert [row.split(" | ")[0] for row in rows] == [f"| `{_variable(name)}`" for name in FIELDS]
    assert rows[FIELDS.index("lang")] == (
        "| `DUIJIE_LANG` | `zh` | 没有 Accept-Language 时的语言 · language when none is asked for |"
    )
    assert rows[FIELDS.index("database_url")].split(" | ")[1] == "–"
    assert rows[FIELDS.index("metrics_open")].split(" | ")[1] == "`false`"
