"""A dial turns propensities to act into probabilities whose long-run mean is a setting."""

from __future__ import annotations

# The mean follows the last few thousand trials, since what people like about a world changes.
_MEMORY = 3_000.0
_PRIOR = 30.0  # imagined trials of typical propensity, so that the first few do not swing
_CEILING = 0.95


class Dial:
    """Scales propensities (0 or more, in any unit) to probabilities with mean `target`.

    Who acts depends on the propensities alone, how many act on the target alone: so the shares
    of a log stay true to the settings whatever the tastes, rooms and segments are.
    """

    __slots__ = ("_held", "_mean", "_target", "_trials")

    def __init__(self, target: float, typical: float = 1.0) -> None:
        self._target = target
        self._trials = _PRIOR
        self._mean = typical
        self._held = False

    def hold(self) -> None:
        """Turn no further: from now on who likes more acts more, as an experiment needs."""
        self._held = True

    def turn(self, propensity: float) -> float:
        """The probability of this trial, in [0, 0.95]."""
        if not self._held:
            if self._trials < _MEMORY:
                self._trials += 1.0
            self._mean += (propensity - self._mean) / self._trials
        return self.probability(propensity)

    def probability(self, propensity: float) -> float:
        """The probability as the dial stands, which this does not turn."""
        if self._mean <= 0.0:
            return 0.0
        probability = propensity * self._target / self._mean
        return probability if probability < _CEILING else _CEILING
