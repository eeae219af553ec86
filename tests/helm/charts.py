"""Helm and the chart, for the tests beside this file."""

import functools
import importlib.machinery
import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional

import yaml

from programs import ROOT, output, run

CHART = ROOT / "helm" / "curfew"
NAMESPACE = "curfew-system"
Object = Dict[str, Any]


@functools.lru_cache(maxsize=None)
def helm() -> str:
    return output(ROOT / "tools" / "controlplane", "helm").strip()


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
