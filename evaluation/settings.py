"""Settings of comparisons: what a policy must keep to, whoever it is better for."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class BoundSettings:
    """Bounds that `backtest` and `ab` hold a policy to; 0 lifts one."""

    small_exposure_min: float = setting(
        0.5, "times", "Least exposure of small hosts' rooms, beside their share of live rooms."
    )
    segment_gap_max: float = setting(
        0.6,
        "share",
        "How far quality for a kind of user may lie below that for all; kinds differ anyhow.",
    )
    segment_loss_max: float = setting(
        0.05, "share", "How much quality for a kind of user may fall below the first policy's."
    )
    users_min: int = setting(
        30, "users", "Of whom fewer are counted nothing is called kept or broken."
    )

    def __post_init__(self) -> None:
        """Refuse what no policy could break or keep."""
        if self.small_exposure_min < 0.0:
            raise ValueError("small_exposure_min is a number of times, 0 or more")
        for name in ("segment_gap_max", "segment_loss_max"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} is a share: from 0 to below 1")
