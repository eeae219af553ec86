"""The command lines of the three servers."""

import os
import shlex
from pathlib import Path
from typing import List

from .state import State

ORDER = ("etcd", "kube-apiserver", "kube-controller-manager")
PORTS = {"etcd": ("etcd", "etcd-peer"), "kube-apiserver": ("kube-apiserver",), "kube-controller-manager": ()}

# Who did what, without bodies: tests look for writes here, and reads are counted from it.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources:
  - group: curfew.dev
  - group: rbac.authorization.k8s.io
  - group: coordination.k8s.io
  - group: events.k8s.io
  - group: admissionregistration.k8s.io
  - group: authentication.k8s.io
  - group: authorization.k8s.io
  - group: apiextensions.k8s.io
  - group: ""
    resources: [configmaps, events, namespaces, serviceaccounts, serviceaccounts/token]
- level: None
"""


def command(state: State, name: str) -> List[str]:
    """What to run for one of ORDER."""
    flags = {"etcd": _etcd, "kube-apiserver": _apiserver, "kube-controller-manager": _controller_manager}[name]
    return [str(state.binaries / name), *flags(state)]


def _etcd(state: State) -> List[str]:
    client, peer = (f"http://127.0.0.1:{state.ports[port]}" for port in PORTS["etcd"])
    return [f"--data-dir={state.folder / 'etcd'}",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # a crash of the machine may cost the data, which are nobody's treasure
            "--log-level=warn"]


def _apiserver(state: State) -> List[str]:
    pki = state.pki.path
    return [f"--etcd-servers=http://127.0.0.1:{state.ports['etcd']}",
            "--bind-address=127.0.0.1", f"--secure-port={state.ports['kube-apiserver']}",
            "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",  # works without any network
            f"--tls-cert-file={pki('apiserver.crt')}", f"--tls-private-key-file={pki('apiserver.key')}",
            f"--client-ca-file={pki('ca.crt')}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki('service-account.pub')}",
            f"--service-account-signing-key-file={pki('service-account.key')}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--audit-policy-file={state.folder / 'audit-policy.yaml'}",
            f"--audit-log-path={state.logs / 'audit.log'}", "--audit-log-maxsize=200", "--audit-log-maxbackup=2",
            *shlex.split(os.environ.get("CURFEW_APISERVER_FLAGS", ""))]


def _controller_manager(state: State) -> List[str]:
    pki = state.pki.path
    return [f"--kubeconfig={controller_manager_kubeconfig(state)}",
            "--leader-elect=false", "--secure-port=0",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={pki('service-account.key')}",
            f"--root-ca-file={pki('ca.crt')}",
            f"--cluster-signing-cert-file={pki('ca.crt')}", f"--cluster-signing-key-file={pki('ca.key')}"]


def controller_manager_kubeconfig(state: State) -> Path:
    return state.folder / "controller-manager.kubeconfig"
