from typing import Any


class MeilisearchConnection:
    def __init__(
        self, url: str, key: str, *, timeout_s: float = 10.0, transport: Any = None
    ) -> None: ...
    async def aclose(self) -> None: ...


class MeilisearchEngine:
    def __init__(
        self, connection: MeilisearchConnection, index_uid: str, *, synonyms: Any = None
    ) -> None: ...
    def __getattr__(self, name: str) -> Any: ...
