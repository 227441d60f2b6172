from pathlib import Path

import pytest

from tests.hard.processes import Process, ProcessFailed, Server


async def test_process_that_ended_by_itself_was_not_killed() -> None:
    process = Process(["--version"], {})
    await process.start()
    assert process._process is not None
    await process._process.wait()

    with pytest.raises(ProcessFailed, match="ended by itself"):
        await process.kill()

    await process.close()


async def test_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    server = Server({"DUIJIE_DATA_FOLDER": str(tmp_path), "DUIJIE_NONSENSE": "1"})

    with pytest.raises(ProcessFailed, match="DUIJIE_NONSENSE"):
        await server.start()

    await server.close()
