"""The settings: one frozen struct, read once from DUIJIE_* variables and passed in."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from market.errors import SettingsRefused

PREFIX = "DUIJIE_"
LogFormat = Literal["text", "json"]
Synchronous = Literal["FULL", "NORMAL"]
SearchFallback = Literal["none", "embedded"]


class Setting(msgspec.Struct, frozen=True):
    """What a setting is for; the README's table is made of these."""

    zh: str
    en: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its default. `…_s` are seconds, `…_bytes` bytes, `…_days` days."""

    data_folder: Path = Path("duijie-data")
    database_url: str = ""
    database_pool_size: int = 10
    sqlite_synchronous: Synchronous = "FULL"
    search_url: str = ""
    search_key: str = ""
    search_writer_key: str = ""
    search_admin_key: str = ""
    search_prefix: str = "duijie_"
    search_timeout_ms: int = 10_000
    search_fallback: SearchFallback = "none"
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    forwarded_allow_ips: str = ""
    lang: Literal["zh", "en"] = "zh"
    log_format: LogFormat = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    registration_open: bool = True
    session_idle_days: int = 14
    session_days: int = 90
    invitation_days: int = 7
    password_reset_minutes: int = 30
    logins_per_quarter_hour: int = 10
    listing_days: int = 365
    order_reminder_days: int = 14
    order_lapse_days: int = 90
    body_limit_bytes: int = 1_000_000
    upload_limit_bytes: int = 10_000_000
    worker_lease_s: int = 60
    worker_poll_ms: int = 500
    shutdown_s: int = 20
    metrics_open: bool = False
    saved_searches_per_organisation: int = 200
    webhook_endpoints_per_organisation: int = 10
    mails_per_organisation_day: int = 500
    instant_mail_minutes: int = 10
    expiry_notice_days: int = 14
    alert_stream_s: int = 300
    outgoing_private_hosts: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_sender: str = ""

    @property
    def private_hosts(self) -> frozenset[str]:
        """Hosts of one's own network that webhooks may go to, as host or host:port."""
        named = (each.strip().lower() for each in self.outgoing_private_hosts.split(","))
        return frozenset(filter(None, named))

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host and self.smtp_sender)

    @property
    def url_of_database(self) -> str:
        """The URL that is set, or that of the SQLite file in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_folder / 'duijie.db'}"

    @property
    def keys_of_search(self) -> tuple[str, str, str]:
        """Those for searching, writing and administering; one that is not set is the one before."""
        writer = self.search_writer_key or self.search_key
        return self.search_key, writer, self.search_admin_key or writer

    @property
    def index_folder(self) -> Path:
        return self.data_folder / "index"


ABOUT: Mapping[str, Setting] = {
    "data_folder": Setting("数据文件夹（数据库、索引）", "folder of the database and the index"),
    "database_url": Setting(
        "数据库，空即数据文件夹中的 SQLite；PostgreSQL 用 postgresql+psycopg://…",
        "database; empty: SQLite in the data folder; PostgreSQL: postgresql+psycopg://…",
    ),
    "database_pool_size": Setting(
        "每个进程的 PostgreSQL 连接数", "connections to PostgreSQL of each process"
    ),
    "sqlite_synchronous": Setting(
        "FULL：断电也不丢已确认的写入；NORMAL：更快",
        "FULL keeps every acknowledged write at a power failure; NORMAL is faster",
    ),
    "search_url": Setting(
        "Meilisearch 的地址（http://…）；空即用内嵌引擎",
        "address of Meilisearch (http://…); empty: the embedded engine",
    ),
    "search_key": Setting("Meilisearch 的检索密钥", "key of Meilisearch for searching"),
    "search_writer_key": Setting(
        "写索引的密钥，后台任务用；空即检索密钥",
        "key for writing the index, for workers; empty: the key for searching",
    ),
    "search_admin_key": Setting(
        "建立与重建索引的密钥；空即写索引的密钥",
        "key for making and rebuilding indexes; empty: the key for writing",
    ),
    "search_prefix": Setting(
        "索引名的前缀，一个 Meilisearch 可供多个平台使用",
        "prefix of the indexes' names, so that marketplaces may share one Meilisearch",
    ),
    "search_timeout_ms": Setting(
        "等待 Meilisearch 回答的毫秒数", "milliseconds to wait for an answer of Meilisearch"
    ),
    "search_fallback": Setting(
        "Meilisearch 不可用时：none 返回 503；embedded 用本机内嵌索引（标记 degraded）",
        "while Meilisearch is away: none answers 503, embedded asks an index in the data folder "
        "and marks its answers as degraded",
    ),
    "host": Setting("监听地址", "address to listen on"),
    "port": Setting("监听端口", "port to listen on"),
    "public_url": Setting("对外网址，用于一次性链接", "public address, for one-time links"),
    "forwarded_allow_ips": Setting(
        "可信反向代理的地址，逗号分隔；空即不信任 X-Forwarded-*",
        "addresses of trusted proxies, comma-separated; empty: X-Forwarded-* is ignored",
    ),
    "lang": Setting("没有 Accept-Language 时的语言", "language when none is asked for"),
    "log_format": Setting("日志格式：text 或 json", "format of the log: text or json"),
    "log_level": Setting("日志级别", "level of the log"),
    "registration_open": Setting("是否开放注册", "whether anyone may register"),
    "session_idle_days": Setting("登录后多少天不用即失效", "days without use that end a session"),
    "session_days": Setting("登录最长有效天数", "days that a session lasts at most"),
    "invitation_days": Setting("邀请链接有效天数", "days that an invitation is good for"),
    "password_reset_minutes": Setting(
        "密码重置链接有效分钟数", "minutes that a password reset link is good for"
    ),
    "logins_per_quarter_hour": Setting(
        "同一账号每 15 分钟的登录失败次数上限", "failed logins of one address in 15 minutes"
    ),
    "listing_days": Setting("发布后多少天到期", "days after which a published listing expires"),
    "order_reminder_days": Setting(
        "意向订单多少天没有进展即提醒", "days without progress after which an order is reminded of"
    ),
    "order_lapse_days": Setting(
        "意向订单多少天没有进展即失效", "days without progress after which an order lapses"
    ),
    "body_limit_bytes": Setting("请求体上限", "largest body of a request"),
    "upload_limit_bytes": Setting("上传文件上限", "largest uploaded file"),
    "worker_lease_s": Setting("任务租约秒数", "seconds that a worker may be silent"),
    "worker_poll_ms": Setting("查询任务的间隔毫秒数", "milliseconds between looks for jobs"),
    "shutdown_s": Setting("停止时等待的秒数", "seconds that running requests get at a stop"),
    "metrics_open": Setting(
        "/metrics 是否无需登录", "whether /metrics answers without an administrator"
    ),
    "saved_searches_per_organisation": Setting(
        "每个单位保存的检索数上限", "most saved searches of an organisation"
    ),
    "webhook_endpoints_per_organisation": Setting(
        "每个单位的 webhook 端点数上限", "most webhook endpoints of an organisation"
    ),
    "mails_per_organisation_day": Setting(
        "每个单位每天的邮件数上限，超出的次日再发",
        "most mails to an organisation a day; what is more waits for the next day",
    ),
    "instant_mail_minutes": Setting(
        "同一订阅两封即时邮件的最短间隔分钟数，其间的内容合为一封；0 为不合并",
        "minutes between two instant mails of one subscription; what comes meanwhile is one mail; "
        "0: a mail each time",
    ),
    "expiry_notice_days": Setting(
        "到期前多少天提醒", "days before its last day that a listing's owner is told"
    ),
    "alert_stream_s": Setting(
        "提醒流（SSE）最长秒数，之后由客户端重连",
        "seconds that a stream of alerts (SSE) lasts; clients then connect again",
    ),
    "outgoing_private_hosts": Setting(
        "允许 webhook 访问的内网主机，host 或 host:port，逗号分隔",
        "hosts of one's own network that webhooks may go to: host or host:port, comma-separated",
    ),
    "smtp_host": Setting("邮件服务器，空即不发邮件", "mail server; empty: no mails are sent"),
    "smtp_port": Setting("邮件服务器端口", "port of the mail server"),
    "smtp_username": Setting("邮件服务器用户名，空即不登录", "user at the mail server, if any"),
    "smtp_password": Setting("邮件服务器密码", "password at the mail server"),
    "smtp_security": Setting(
        "starttls、tls 或 none（仅限内网）", "starttls, tls, or none (own network only)"
    ),
    "smtp_sender": Setting(
        "发件人，如 对接 <no-reply@example.cn>", "sender, such as Duijie <no-reply@example.cn>"
    ),
}

_POSTGRESQL = re.compile(r"^postgres(?:ql)?(?:\+psycopg)?://")
_HTTP = re.compile(r"https?://[^/?#\s]+(?:/[^?#\s]*)?")
_INDEX_NAME = re.compile(r"[A-Za-z0-9_-]{0,100}")
_LEAST: Mapping[str, int] = {
    "port": 0,
    "alert_stream_s": 0,
    "mails_per_organisation_day": 0,
    "instant_mail_minutes": 0,
}
_MOST: Mapping[str, int] = {"port": 65_535, "smtp_port": 65_535}
# What is wrong with these is told without what they say: it may hold a password.
_SECRET = frozenset(
    {"database_url", "search_key", "search_writer_key", "search_admin_key", "smtp_password"}
)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings of these variables. Raises SettingsRefused naming each wrong one."""
    known = {f"{PREFIX}{field.name.upper()}": field for field in msgspec.structs.fields(Settings)}
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in _ELSEWHERE:
            continue
        field = known.get(name)
        if field is None:
            problems.append(f"{name}：没有这个设置 · there is no such setting")
            continue
        try:
            values[field.name] = _READERS.get(field.name, _plain)(text, field.type)
            _check_number(field.name, values[field.name])
        except (ValueError, msgspec.ValidationError) as error:
            shown = name if field.name in _SECRET else f"{name}={text!r}"
            problems.append(f"{shown}：无法理解 · not understood ({error})")
    if problems:
        raise SettingsRefused("; ".join(problems))
    return Settings(**values)


# Variables of this prefix that are not settings of the application.
_ELSEWHERE = frozenset({"DUIJIE_TEST_DATABASE_URL"})


def _plain(text: str, kind: Any) -> Any:
    return msgspec.convert(text.strip(), kind, strict=False)


def _path(text: str, _kind: Any) -> Path:
    if not text.strip():
        raise ValueError("empty")
    return Path(text)


def _database_url(text: str, _kind: Any) -> str:
    """PostgreSQL always by psycopg, whatever driver the URL leaves open."""
    if _POSTGRESQL.match(text):
        return _POSTGRESQL.sub("postgresql+psycopg://", text)
    if text == "" or text.startswith("sqlite+aiosqlite:///"):
        return text
    if text.startswith("sqlite:///"):
        return text.replace("sqlite:///", "sqlite+aiosqlite:///", 1)
    raise ValueError("sqlite:///… or postgresql+psycopg://…")


def _search_url(text: str, _kind: Any) -> str:
    url = text.strip().rstrip("/")
    if url and not _HTTP.fullmatch(url):
        raise ValueError("http://host:7700")
    return url


def _search_prefix(text: str, _kind: Any) -> str:
    if not _INDEX_NAME.fullmatch(text):
        raise ValueError("A-Z a-z 0-9 _ -")
    return text


def _check_number(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        return
    least, most = _LEAST.get(name, 1), _MOST.get(name)
    if value < least:
        raise ValueError(f">= {least}")
    if most is not None and value > most:
        raise ValueError(f"<= {most}")


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "data_folder": _path,
    "database_url": _database_url,
    "search_url": _search_url,
    "search_prefix": _search_prefix,
}


def settings_table() -> str:
    """The rows of the README's table: variable, default, and what it is for in both languages."""
    return "\n".join(
        f"| `{PREFIX}{field.name.upper()}` | {_default_shown(field.default)} "
        f"| {ABOUT[field.name].zh} · {ABOUT[field.name].en} |"
        for field in msgspec.structs.fields(Settings)
    )


def _default_shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if str(default) else "–"
