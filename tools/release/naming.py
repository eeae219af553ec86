"""What a release is called, and when it is from."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def git(*arguments: str) -> str:
    """Empty where this is no checkout."""
    done = subprocess.run(["git", "-C", ROOT, *arguments], text=True, capture_output=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def epoch() -> int:
    """The time of everything in it, in seconds: SOURCE_DATE_EPOCH, or the last commit's."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or 0)


def version() -> str:
    return re.search(r"^project\(curfew VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]


def architecture() -> str:
    """As Debian, Go and OCI call it."""
    return subprocess.run(["dpkg", "--print-architecture"], text=True, capture_output=True, check=True).stdout.strip()
