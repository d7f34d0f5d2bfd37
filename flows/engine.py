"""A graph handed to the engine, with its epochs and recovery store; errors come out as raised."""

from __future__ import annotations

from datetime import timedelta

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from flows import faults
from flows.collector import calm_collector
from flows.recovery import Recovery


def run_flow(
    flow: Dataflow,
    process: int,
    addresses: list[str] | None,
    epoch: timedelta,
    recovery: str | None,
) -> None:
    """Run one process of a flow to its end; `addresses` are those of all, None for one alone."""
    store = None
    if recovery is not None:
        store = RecoveryConfig(str(Recovery(recovery).database), timedelta(0))
    calm_collector()
    faults.forget()
    try:
        cli_main(
            flow,
            process_id=process if addresses else None,
            addresses=addresses,
            epoch_interval=epoch,
            recovery_config=store,
        )
    except Exception:
        raise
    except BaseException:
        # Several processes: the engine tells of a panic alone, without what we raised.
        cause = faults.first()
        if cause is None:
            raise
        raise cause from None
    late = faults.at_close()
    if late is not None:
        raise late
