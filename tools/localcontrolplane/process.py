"""Children that outlive this program, and ending exactly them later."""

import contextlib
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Iterable, List, NamedTuple, Optional


class Process(NamedTuple):
    """A pid alone may have been given to somebody else meanwhile; with its start time it is unmistakable."""

    pid: int
    started: str  # field 22 of /proc/PID/stat: clock ticks since boot

    def is_running(self) -> bool:
        return _started(self.pid) == self.started


def spawn(command: List[str], log: Path) -> Process:
    """Starts a child, with a new log, in a session of its own, which neither a terminal's Ctrl-C nor our exit ends."""
    with open(log, "wb") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 cwd=log.parent, start_new_session=True)
    # Not waited for, not even as a zombie: the one who reads the state later is another process.
    return Process(child.pid, _started(child.pid, even_if_dead=True) or "")


def stop(processes: Iterable[Process], patience: float) -> None:
    """SIGTERM to all, `patience` seconds, SIGKILL to those that are left."""
    with contextlib.ExitStack() as stack:
        handles = [handle for process in processes if (handle := _open(process, stack)) is not None]
        for handle in handles:
            _signal(handle, signal.SIGTERM)
        for handle in handles:
            # The patience is each one's; those that end in time use none of the others'.
            if not _has_ended(handle, patience):
                _signal(handle, signal.SIGKILL)
                _has_ended(handle, patience)


def _open(process: Process, stack: contextlib.ExitStack) -> Optional[int]:
    """A handle that stays with this very process: what is checked after it was opened, holds for it."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    stack.callback(os.close, handle)
    return handle if process.is_running() else None


def _signal(handle: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, number)


def _has_ended(handle: int, patience: float) -> bool:
    return bool(select.select([handle], [], [], patience)[0])


def _started(pid: int, even_if_dead: bool = False) -> Optional[str]:
    """The start time of a process; nothing for a zombie, since where nobody reaps, the dead stay listed."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    return fields[19] if even_if_dead or fields[0] not in "ZX" else None
