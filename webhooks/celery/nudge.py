"""A tap on the shoulder of this worker's stager, from its threads or its child processes."""

import multiprocessing


class Nudge:
    """One flag, shared with forked children: given by a task that finds the conveyor low, awaited by the stager."""

    def __init__(self) -> None:
        self._flag = multiprocessing.get_context("fork").Event()

    def give(self) -> None:
        """The stager looks at once."""
        self._flag.set()

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as somebody nudges."""
        self._flag.wait(seconds)
        self._flag.clear()
