"""The wire to a Meilisearch server: requests with time limits, and tasks awaited."""

import asyncio
import time
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx
import msgspec

from search.port import IndexMissing, IndexOutdated, SearchError, SearchUnavailable

# Reads are asked so many times in all while the time limit of the call allows it.
_TRIES = 3
_FIRST_PAUSE_S = 0.1
_PASSING = frozenset({502, 503, 504})
# The server closes idle connections after 5 s; a request must not be sent into that.
_IDLE_S = 3.0
_MOST_CONNECTIONS = 32
_FIRST_LOOK_S, _SLOWEST_LOOK_S, _LOOKS_GROW = 0.01, 0.5, 1.5
# Codes of a server whose index lacks an attribute that a search of this version needs.
_OUTDATED = frozenset(
    {
        "invalid_search_filter",
        "invalid_search_facets",
        "invalid_search_sort",
        "invalid_facet_search_facet_name",
        "facet_search_disabled",
    }
)

T = TypeVar("T")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class ServerError(msgspec.Struct, frozen=True):
    """How the server tells what is wrong, in an answer or in a task."""

    message: str = ""
    code: str = ""
    type: str = ""


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """One write that the server has taken over."""

    uid: int
    status: Literal["enqueued", "processing", "succeeded", "failed", "canceled"]
    error: ServerError | None = None

    @property
    def is_done(self) -> bool:
        return self.status not in ("enqueued", "processing")


class _Enqueued(msgspec.Struct, frozen=True, rename="camel"):
    task_uid: int


class TaskFailed(SearchError):
    """The server took a write over and could not do it; `code` is the server's own."""

    def __init__(self, error: ServerError) -> None:
        super().__init__(f"The search engine could not write: {error.message} ({error.code})")
        self.code = error.code
        self.is_fault_of_server = error.type in ("internal", "system")


class MeilisearchConnection:
    """One server, under one key; both indexes share it. Close it in the end.

    A request takes `timeout_s` at most, repeated tries included, and a task `task_timeout_s`.
    What can't be reached, hangs, or answers with nonsense raises SearchUnavailable; an index that
    is not there IndexMissing; other refusals SearchError.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 10.0,
        task_timeout_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._task_timeout_s = task_timeout_s
        headers = {
            "Content-Type": "application/json",
            # A compressed answer arrives about 40 ms late, as its last packet is held back.
            "Accept-Encoding": "identity",
        }
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(2.0, timeout_s)),
            limits=httpx.Limits(
                max_connections=_MOST_CONNECTIONS,
                max_keepalive_connections=_MOST_CONNECTIONS,
                keepalive_expiry=_IDLE_S,
            ),
            transport=transport,
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def read(self, method: Method, path: str, body: Any = None, *, answer: type[T]) -> T:
        """Ask for something that changes nothing: asked again when the server stumbles."""
        content = b"" if body is None else msgspec.json.encode(body)
        response = await self._asked_again(method, path, content)
        return _decoded(response, answer)

    async def _asked_again(self, method: Method, path: str, content: bytes) -> httpx.Response:
        ends_at = time.monotonic() + self._timeout_s
        pause_s = _FIRST_PAUSE_S
        for is_last in (*(False for _ in range(_TRIES - 1)), True):
            try:
                response = await self._sent(method, path, content, ends_at=ends_at)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError) as error:
                wait_s = pause_s
                if is_last or time.monotonic() + wait_s >= ends_at:
                    raise _unreachable(error) from error
            else:
                wait_s = max(pause_s, _retry_after_s(response))
                is_late = time.monotonic() + wait_s >= ends_at
                if response.status_code not in _PASSING or is_last or is_late:
                    return response
            await asyncio.sleep(wait_s)
            pause_s *= 2
        raise AssertionError("the last try returns or raises")

    async def _sent(
        self,
        method: Method,
        path: str,
        content: bytes,
        *,
        ends_at: float,
        content_type: str | None = None,
    ) -> httpx.Response:
        """Raises those errors that another try may mend, and SearchUnavailable."""
        headers = {"Content-Type": content_type} if content_type else None
        try:
            # The client's own limits are for each packet: a server that drips could hold us.
            async with asyncio.timeout(max(0.0, ends_at - time.monotonic())):
                return await self._client.request(method, path, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError):
            raise
        except (httpx.HTTPError, TimeoutError) as error:
            raise _unreachable(error) from error

    async def write(self, method: Method, path: str, body: Any) -> None:
        """Change something and wait until the next search sees it. Tried once.

        Raises TaskFailed. After SearchUnavailable the change may be done, come later, or never.
        """
        await self.wait(await self._enqueue(method, path, msgspec.json.encode(body)))

    async def write_lines(self, path: str, content: bytes) -> None:
        """As `write`, for documents that are JSON already, one a line."""
        await self.wait(await self._enqueue("POST", path, content, "application/x-ndjson"))

    async def _enqueue(
        self, method: Method, path: str, content: bytes, content_type: str | None = None
    ) -> int:
        """Hand a change over; the number of its task."""
        ends_at = time.monotonic() + self._timeout_s
        try:
            response = await self._sent(
                method, path, content, ends_at=ends_at, content_type=content_type
            )
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        return _decoded(response, _Enqueued).task_uid

    async def wait(self, task_uid: int) -> None:
        """Return when the task succeeded. Raises TaskFailed, and SearchUnavailable in time."""
        ends_at = time.monotonic() + self._task_timeout_s
        pause_s = _FIRST_LOOK_S
        while not (task := await self.read("GET", f"/tasks/{task_uid}", answer=Task)).is_done:
            if time.monotonic() + pause_s >= ends_at:
                raise SearchUnavailable(f"The search engine is still busy with task {task_uid}.")
            await asyncio.sleep(pause_s)
            pause_s = min(_SLOWEST_LOOK_S, pause_s * _LOOKS_GROW)
        if task.status == "canceled":
            raise SearchUnavailable(f"Task {task_uid} of the search engine was cancelled.")
        if task.status == "failed":
            raise _failure(task.error or ServerError("It did not say why."))


def _failure(error: ServerError) -> SearchError:
    if error.code == "index_not_found":
        return IndexMissing(error.message)
    return TaskFailed(error)


def _unreachable(error: Exception) -> SearchUnavailable:
    told = str(error) or type(error).__name__
    return SearchUnavailable(f"The search engine can't be reached: {told}.")


def _retry_after_s(response: httpx.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdecimal() else 0.0


def _decoded(response: httpx.Response, answer: type[T]) -> T:
    if response.status_code >= 300:
        raise _refusal(response)
    try:
        return msgspec.json.decode(response.content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SearchUnavailable(f"The search engine's answer can't be read: {error}.") from error


def _refusal(response: httpx.Response) -> SearchError:
    try:
        error = msgspec.json.decode(response.content, type=ServerError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        error = ServerError()
    told = f"{error.message or response.reason_phrase} ({response.status_code} {error.code})"
    if error.code == "index_not_found":
        return IndexMissing(f"The search index is missing: {told}.")
    if error.code in _OUTDATED:
        return IndexOutdated(f"The search index is of another version: {told}.")
    if response.status_code in (400, 409, 413, 415, 422) and error.code:
        return SearchError(f"The search engine refuses: {told}.")
    # Wrong keys too: somebody has to mend them, and then the same request is good.
    return SearchUnavailable(f"The search engine does not answer: {told}.")
