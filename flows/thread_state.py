"""What the interpreter keeps for a thread of the engine, which would be made anew at each call."""

from __future__ import annotations

import ctypes
import threading

_OWN = threading.local()


def keep_thread_state() -> None:
    """Hold on to this thread's state in the interpreter until the process ends.

    With several processes the engine works in a thread that the interpreter has not made. Each
    time such a thread comes in to call us, a state for it is made, and taken apart when it leaves,
    memory for its frames included. One entry that is never left ends that. It may be called as
    often as one likes.
    """
    if threading.get_ident() == threading.main_thread().ident or hasattr(_OWN, "kept"):
        return
    ctypes.pythonapi.PyGILState_Ensure()
    _OWN.kept = True
