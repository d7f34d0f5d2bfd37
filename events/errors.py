"""Errors that say what was wrong, where, and what to do."""

from __future__ import annotations


class StateError(ValueError):
    """Stored state that this version cannot take up."""

    @classmethod
    def version(cls, what: str, found: object, wanted: int) -> StateError:
        """The state was written by another version of the product."""
        return cls(
            f"the stored state of {what} has layout {found}, this version reads layout {wanted}: "
            "go on with the version that wrote it, or start from an empty recovery folder"
        )

    @classmethod
    def unreadable(cls, what: str, problem: Exception) -> StateError:
        """The bytes are truncated or damaged."""
        return cls(
            f"the stored state of {what} is damaged ({problem}): "
            "restore the recovery folder from a backup, or start from an empty one"
        )
