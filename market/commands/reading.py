"""Reads a large file of results in a second process, while this one fills the index."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from market.commands.two_processes import Send, can_fork, child_process
from market.errors import DuijieError, FileRefused
from market.exchange.headers import Column
from market.exchange.problems import RowProblem
from market.exchange.readers import read_results
from market.indexing.documents import document_of_result
from market.matching.pairing import ReadResult
from schemas.listings import Result
from schemas.vocab import Lang
from search.documents import document_words

# A smaller file is read before a second process would pay.
_WORTHWHILE_BYTES = 4_000_000
_BATCH = 500
_UNCUT_EVERY = 4


class _Batch(msgspec.Struct, tag="batch", array_like=True):
    """Results, and the words of each as numbers; `new_words` are those with the next numbers.

    So every word is the same object wherever it stands: it is hashed once, and kept once. Every
    fourth batch comes without words: reading and indexing then take either process as long.
    """

    results: list[Result]
    words: list[list[int]]
    new_words: list[str]


class _End(msgspec.Struct, tag="end", array_like=True):
    """The file is read."""

    refused: list[RowProblem]
    warnings: list[RowProblem]
    columns: list[Column]


class _Failed(msgspec.Struct, tag="failed", array_like=True):
    """The file can't be read: FileRefused(path, reason)."""

    path: str
    reason: str


class _Numbers(dict[str, int]):
    """A number for each word; words that are asked for the first time also go to `new_words`."""

    def __init__(self, new_words: list[str]) -> None:
        super().__init__()
        self._new_words = new_words

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        self._new_words.append(word)
        return number


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Batch | _End | _Failed).decode


class ResultsOfFile:
    """The results of a file, to be iterated once.

    `refused`, `warnings` and `columns` are complete when the iteration has ended. Iterating
    raises FileRefused when nothing of the file can be read.
    """

    def __init__(
        self, path: Path, *, lang: Lang, progress: Callable[[int], None] | None = None
    ) -> None:
        self.refused: list[RowProblem] = []
        self.warnings: list[RowProblem] = []
        self.columns: tuple[Column, ...] = ()
        self._path = path
        self._lang: Lang = lang
        self._progress = progress

    def __iter__(self) -> Iterator[Result | ReadResult]:
        return self._from_child() if self._is_worthwhile() else self._from_here()

    def _is_worthwhile(self) -> bool:
        try:
            return self._path.stat().st_size >= _WORTHWHILE_BYTES and can_fork()
        except OSError:
            return False

    def _from_here(self) -> Iterator[Result]:
        read = read_results(self._path, lang=self._lang, progress=self._progress)
        self._end(read.refused, read.warnings, read.columns)
        yield from read.listings

    def _end(
        self,
        refused: list[RowProblem],
        warnings: list[RowProblem],
        columns: tuple[Column, ...] | list[Column],
    ) -> None:
        self.refused.extend(refused)
        self.warnings.extend(warnings)
        self.columns = tuple(columns)

    def _from_child(self) -> Iterator[Result | ReadResult]:
        with child_process(self._read_and_send) as messages:
            known: list[str] = []
            for message in messages:
                match _decode(message):
                    case _Batch(results, []):
                        yield from results
                    case _Batch(results, words, new_words):
                        known += new_words
                        for result, numbers in zip(results, words, strict=True):
                            yield ReadResult(result, [known[number] for number in numbers])
                    case _End(refused, warnings, columns):
                        self._end(refused, warnings, columns)
                        return
                    case _Failed(path, reason):
                        raise FileRefused(path, reason)
        raise DuijieError(f"{self._path}：读取中断 · reading was cut short")

    def _read_and_send(self, send: Send) -> None:
        sender = _Sender(send)
        try:
            read = read_results(self._path, lang=self._lang, sink=sender.take)
        except FileRefused as refusal:
            send(_encode(_Failed(refusal.path, refusal.reason)))
            return
        sender.flush()
        send(_encode(_End(read.refused, read.warnings, list(read.columns))))


class _Sender:
    """Sends results in batches, three of four with their words."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._results: list[Result] = []
        self._new_words: list[str] = []
        self._numbers = _Numbers(self._new_words)
        self._batches = 0

    def take(self, result: Result) -> None:
        self._results.append(result)
        if len(self._results) == _BATCH:
            self.flush()

    def flush(self) -> None:
        is_left_uncut = self._batches % _UNCUT_EVERY == 0
        words = [] if is_left_uncut else list(map(self._numbers_of, self._results))
        self._send(_encode(_Batch(self._results, words, self._new_words)))
        self._results.clear()
        self._new_words.clear()
        self._batches += 1

    def _numbers_of(self, result: Result) -> list[int]:
        numbers = self._numbers
        return [numbers[word] for word in document_words(document_of_result(result))]
