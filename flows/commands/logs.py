"""The logs of a command, looked at before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.settings import Settings


def check_logs(logs: Sequence[str], settings: Settings) -> None:
    """`LogError` for a log that cannot be opened, `BadInput` for what can be read once only."""
    from events.logs import LogReader
    from flows.failures import BadInput

    for path in logs:
        log = Path(path)
        # To open a pipe would wait for whoever writes to it.
        if log.exists() and not log.is_file() and not log.is_dir():
            raise BadInput(f"{path} is no file: save what comes through it, then give the file")
        LogReader(path, settings.log, settings.decode.line_bytes_max).close()
