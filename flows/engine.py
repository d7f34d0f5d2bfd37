"""A graph handed to the engine, with its epochs and recovery store; errors come out as raised."""

from __future__ import annotations

import sys
from datetime import timedelta

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from flows import faults
from flows.collector import calm_collector
from flows.engine_store import of_store
from flows.recovery import Recovery

NO_EPOCHS = timedelta(days=365)
"""Longer than any run: nothing is kept, and there is nothing to wait for."""

_SWITCH_S = 0.02


def run_flow(
    flow: Dataflow,
    process: int,
    addresses: list[str] | None,
    epoch: timedelta,
    recovery: str | None,
    *,
    live: bool = False,
) -> None:
    """Run one process of a flow to its end; `addresses` are those of all, None for one alone."""
    folder = Recovery(recovery).database if recovery is not None else None
    store = RecoveryConfig(str(folder), timedelta(0)) if folder is not None else None
    calm_collector(live)
    if addresses:
        # The engine's main thread asks for the interpreter each millisecond: let it wait for a
        # moment when the thread that works has no use for it.
        sys.setswitchinterval(_SWITCH_S)
    faults.forget()
    try:
        cli_main(
            flow,
            process_id=process if addresses else None,
            addresses=addresses,
            epoch_interval=epoch,
            recovery_config=store,
        )
    except Exception as error:
        told = of_store(error, folder) if faults.first() is None else None
        if told is None:
            raise
        raise told from None
    except BaseException as error:
        # Several processes: the engine tells of a panic alone, without what we raised.
        cause = faults.first() or of_store(error, folder)
        if cause is None:
            raise
        raise cause from None
    late = faults.at_close()
    if late is not None:
        raise late


def replay_epoch(epoch_s: float, recovery: str | None = None) -> timedelta:
    """The length of a replay's epochs: where nothing is kept, none ends before the replay does.

    At each end the processes would wait for one another, and work at it.
    """
    return timedelta(seconds=epoch_s) if recovery is not None else NO_EPOCHS
