"""`go build` that says how far it is."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Sequence, Set

from . import toolchain

_FLAGS = ("-mod=readonly", "-trimpath")
_STALE = '{{if and .Stale (ne .StaleReason "not installed but available in build cache")}}{{.ImportPath}}{{end}}'


def build(go: Path, module: Path, flags: Sequence[str], packages: Sequence[str]) -> bool:
    """Prints "[N/M] PACKAGE" to standard error for what it compiles, like ninja, and passes on all else that go says."""
    steps = _Steps(_uncompiled(go, module, packages))
    with subprocess.Popen([go, "build", "-v", *_FLAGS, *flags, *packages], cwd=module, env=toolchain.environment(),
                          stdout=sys.stderr, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                steps.take(line)
        finally:
            process.terminate()  # does nothing to one that has ended
    steps.end()
    return process.returncode == 0


def _uncompiled(go: Path, module: Path, packages: Sequence[str]) -> Set[str]:
    """The import paths of what go's cache does not have. Fetches the modules first, which go says on standard error."""
    listed = subprocess.run([go, "list", "-deps", *_FLAGS, "-f", _STALE, *packages], cwd=module,
                            env=toolchain.environment(), text=True, stdout=subprocess.PIPE, check=False)
    return set(listed.stdout.split())  # nothing if it failed: go build then says why


class _Steps:
    """One line that is rewritten on a terminal; elsewhere at most a line a second."""

    def __init__(self, packages: Set[str]):
        self._packages = packages
        self._done = 0
        self._shown_at = 0.0
        self._on_terminal = sys.stderr.isatty()

    def take(self, line: str) -> None:
        if line.strip() not in self._packages:
            sys.stderr.write(("\r\x1b[K" if self._on_terminal else "") + line)
            return
        self._done += 1
        if time.monotonic() - self._shown_at >= 1 or self._done == len(self._packages):
            self._shown_at = time.monotonic()
            step = f"[{self._done}/{len(self._packages)}] {line.strip()}"
            sys.stderr.write(f"\r\x1b[K{step[:78]}" if self._on_terminal else step + "\n")
            sys.stderr.flush()

    def end(self) -> None:
        if self._on_terminal and self._done:
            sys.stderr.write("\n")
