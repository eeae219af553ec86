"""The people of the cluster tests, with the plugin in their PATH."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

# pylint: disable=wrong-import-position
from programs import ROOT, kubectl, output  # noqa: E402

_OPTIONS = argparse.Namespace()

POLICY = """
apiVersion: curfew.dev/v1alpha1
kind: AccessPolicy
metadata: {name: %(name)s}
spec:
  description: %(description)s
  requesters: [{kind: Group, name: developers}]
  roles: [{kind: ClusterRole, name: view}]
  namespaces: {names: [%(namespace)s]}
  duration: {default: 30m, max: 2h%(total)s}
  reason: {required: true}
  approval: {required: %(required)d, approvers: [{kind: Group, name: sre}]}
  %(more)s
"""


def parse_arguments() -> None:
    """Takes --state and --plugin from the command line, for all that follows."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--plugin", type=Path, default=ROOT / "build" / "release" / "kubectl-curfew")
    _, rest = parser.parse_known_args(namespace=_OPTIONS)
    sys.argv[1:] = rest


def kubeconfig(person: str) -> Path:
    return _OPTIONS.state / "test" / f"{person}.kubeconfig"


def environment(person: str, **more: str) -> dict:
    path = f"{_OPTIONS.plugin.parent}:{Path(kubectl()).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig(person)), "TERM": "xterm",
            "XDG_CACHE_HOME": str(_OPTIONS.state / "test" / f"{person}.cache"), **more}


def curfew(person: str, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    """kubectl curfew ..., through a pipe."""
    return subprocess.run(["kubectl", "curfew", *arguments], text=True, capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
                          env=environment(person, **more))


def plain(person: str, *arguments: object, text: str = "") -> str:
    """kubectl ..., which has to succeed."""
    return output(kubectl(), f"--kubeconfig={kubeconfig(person)}", *arguments, text=text)


def admin(*arguments: object, text: str = "") -> str:
    return plain("admin", *arguments, text=text)
