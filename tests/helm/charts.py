"""Helm, kubectl and the chart, for the tests beside this file."""

import functools
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "curfew"
NAMESPACE = "curfew-system"
Object = Dict[str, Any]


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
def helm() -> str:
    return output(ROOT / "tools" / "controlplane", "helm").strip()


@functools.lru_cache(maxsize=None)
def kubectl() -> str:
    return str(Path(output(ROOT / "tools" / "controlplane", "build").strip()) / "kubectl")


def render(*arguments: object, chart: Path = CHART) -> subprocess.CompletedProcess:
    return run(helm(), "template", "curfew", chart, f"--namespace={NAMESPACE}", *arguments)


def objects(text: str) -> List[Object]:
    return [document for document in yaml.safe_load_all(text) if document]


def rendered(*arguments: object) -> List[Object]:
    """The objects that the chart makes of these values."""
    done = render(*arguments)
    if done.returncode:
        raise AssertionError(done.stderr)
    return objects(done.stdout)


def setting(key: str, value: Any) -> str:
    """Helm's argument for one value, which may be a whole tree."""
    return f"--set-json={key}={json.dumps(value)}"


def named(items: Iterable[Object], kind: str, name: str = "curfew") -> Optional[Object]:
    return next((item for item in items if item["kind"] == kind and item["metadata"]["name"] == name), None)


@functools.lru_cache(maxsize=None)
def render_manifests():
    """tools/render-manifests as a module: it knows the chart's values."""
    path = str(ROOT / "tools" / "render-manifests")
    loader = importlib.machinery.SourceFileLoader("render_manifests", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("render_manifests", loader))
    loader.exec_module(module)
    return module


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
