"""Running programs and waiting for what they bring about, for the tests that are written in Python."""

import functools
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command: object, text: str = "", timeout: float = 120) -> subprocess.CompletedProcess:
    """A command with both outputs; the caller looks at the exit code."""
    return subprocess.run([str(part) for part in command], input=text, text=True, capture_output=True, timeout=timeout, check=False)


def output(*command: object, text: str = "") -> str:
    """What a command that has to succeed prints."""
    done = run(*command, text=text, timeout=1800)
    if done.returncode:
        raise AssertionError(f"{' '.join(str(part) for part in command)}: {done.stdout}{done.stderr}")
    return done.stdout


@functools.lru_cache(maxsize=None)
def kubectl() -> str:
    return str(Path(output(ROOT / "tools" / "controlplane", "build").strip()) / "kubectl")


def eventually(what: str, condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true answer; an assertion if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.2)


def main(suite: type) -> None:
    """PROGRAM --list prints the names of the suite's tests, PROGRAM [NAME...] runs them."""
    names = unittest.defaultTestLoader.getTestCaseNames(suite)
    if sys.argv[1:] == ["--list"]:
        print("\n".join(names))
        sys.exit(0)
    wanted = sys.argv[1:] or names
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(suite(name) for name in wanted))
    sys.exit(0 if result.wasSuccessful() and result.testsRun == len(wanted) else 1)
