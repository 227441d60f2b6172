"""`duijie pair` as a process among others: pipes, terminals, Ctrl-C, full disks."""

import contextlib
import os
import pty
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from tests.market.commands.listings import bench_files, needs_csv, results_csv
from tests.market.commands.runs import command, environment, names_in, run_apart

OUTPUTS = ["pairs.xlsx", "pairs.csv", "pairs.jsonl"]
DISK_BYTES = 16 * 1024
QUIET = re.compile(r"Traceback|Exception ignored|\r|\x1b")


@pytest.mark.parametrize("output", OUTPUTS)
def test_run_in_a_pipe_shows_no_progress(output: str, folder: Path) -> None:
    ran = run_apart(folder, "pair", results_csv(folder), needs_csv(folder), "-o", output)

    summary = "2 条需求、3 项成果，配出 6 对；0 条需求没有合适的成果；退回 0 行 → "
    assert ran == (0, "", f"{summary}{output}\n")


def test_terminal_shows_each_step(folder: Path) -> None:
    files = bench_files(folder, results=700, needs=40)
    terminal, inner = pty.openpty()

    process = subprocess.Popen(
        command("pair", *files, "-o", "pairs.csv"),
        cwd=folder,
        env=environment(TERM="xterm", COLUMNS="100"),
        stderr=inner,
    )
    os.close(inner)
    shown = b""
    # A terminal whose last program has left answers with an error.
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    os.close(terminal)

    assert process.wait(60) == 0
    for step in ("读取成果", "读取需求", "建立索引", "需求找成果"):
        assert step in shown.decode()


@pytest.mark.parametrize("output", OUTPUTS)
def test_interrupt_leaves_the_older_output_and_nothing_else(output: str, folder: Path) -> None:
    files = bench_files(folder, results=500, needs=5_000)
    (folder / "out").mkdir()
    (folder / "out" / output).write_bytes(b"of yesterday")

    process = _started_writing(folder, "pair", *files, "-o", f"out/{output}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1] == "已中断 · Interrupted"
    assert QUIET.search(err.decode()) is None
    assert names_in(folder / "out") == [output]
    assert (folder / "out" / output).read_bytes() == b"of yesterday"


def _started_writing(folder: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    """The process, as soon as it has begun to write beside its output."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    give_up = time.monotonic() + 60
    while len(names_in(folder / "out")) == 1:
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("output", OUTPUTS)
def test_full_disk_is_told_and_leaves_the_older_output(output: str, folder: Path) -> None:
    files = bench_files(folder, results=60, needs=10)
    for name in ("out", "tmp"):
        (folder / name).mkdir()
    (folder / "out" / output).write_bytes(b"of yesterday")

    # A bound on the size of any file fails the writer where a full disk would.
    done = subprocess.run(
        command("pair", *files, "-o", f"out/{output}"),
        cwd=folder,
        env=environment(TMPDIR=str(folder / "tmp")),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES)),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines()[-1] == f"错误 · Error: out/{output}: 磁盘已满"
    assert QUIET.search(done.stderr.decode()) is None
    assert names_in(folder / "out") == [output]
    assert (folder / "out" / output).read_bytes() == b"of yesterday"
    assert names_in(folder / "tmp") == []


def test_reader_that_leaves_early_is_no_crash(folder: Path) -> None:
    files = bench_files(folder, results=60, needs=30)

    process = subprocess.Popen(
        command("pair", *files, "-o", "-"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = msgspec.json.decode(process.stdout.readline())
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()

    assert process.wait(60) == 1
    assert (first["need_id"], first["rank"]) == ("0-N003", 1)
    assert QUIET.search(err) is None
