"""A kubectl that answers from a file and writes down what it was asked: for what the API server itself would not let happen, or only at the right moment."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

# pylint: disable=wrong-import-position
from programs import ROOT  # noqa: E402

OPTIONS = argparse.Namespace()
CURFEW = "/apis/curfew.dev/v1alpha1"
UID = "3f2a91bc-0000-4000-8000-00000000000%d"

KUBECTL = r'''#!/usr/bin/python3
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
arguments = sys.argv[1:]
text = "" if sys.stdin.isatty() or arguments[:1] != ["create"] else sys.stdin.read()
with open(folder + "/log", "a") as log:
    log.write(json.dumps({"arguments": arguments, "text": text}) + "\n")
with open(folder + "/cluster.json") as file:
    cluster = json.load(file)
def fail(said):
    sys.stderr.write(said + "\n")
    sys.exit(1)
if cluster["unavailable"].get(arguments[0]):
    cluster["unavailable"][arguments[0]] -= 1
    with open(folder + "/cluster.json", "w") as file:
        json.dump(cluster, file)
    fail("Error from server (ServiceUnavailable): Resource kind curfew.dev/v1alpha1, Kind=AccessRequest not found.")
if arguments[:2] == ["config", "view"] and arguments[-1].startswith("jsonpath="):
    print("payments", end="")
    sys.exit(0)
elif arguments[:2] == ["config", "view"]:
    answer = {"contexts": [{"context": {"namespace": "payments"}}], "clusters": [{"cluster": {"server": cluster["server"]}}]}
elif arguments[:2] == ["auth", "whoami"]:
    answer = {"status": {"userInfo": {"username": cluster["username"], "groups": ["sre", "developers"]}}}
elif arguments[:2] == ["get", "--raw"]:
    path, _, query = arguments[2].partition("?")
    answer = cluster["answers"].get(path)
    if answer is None:
        fail(cluster["missing"])
    options = dict(part.split("=", 1) for part in query.split("&") if part)
    if options.get("continue") in cluster["expired"]:
        cluster["expired"].remove(options["continue"])
        with open(folder + "/cluster.json", "w") as file:
            json.dump(cluster, file)
        fail("Error from server (Expired): The provided continue parameter is too old to display a consistent list result.")
    if "items" in answer and "limit" in options:
        begin, limit = int(options.get("continue", "0")), int(options["limit"]) or len(answer["items"])
        rest = str(begin + limit) if begin + limit < len(answer["items"]) else ""
        answer = {"metadata": {"continue": rest}, "items": answer["items"][begin:begin + limit]}
    if "watch=true" in query:
        for item in answer["items"]:
            print(json.dumps({"type": "ADDED", "object": item}))
        fail(cluster["missing"])
elif arguments[0] == "get":  # TYPE.VERSION.GROUP/NAME, several of them
    found, missing = [], []
    namespace = arguments[arguments.index("--namespace") + 1] if "--namespace" in arguments else ""
    for argument in arguments[1:arguments.index("-o")]:
        kind, _, name = argument.partition("/")
        plural, _, rest = kind.partition(".")
        version, _, group = rest.partition(".")
        scope = f"namespaces/{namespace}/" if plural in ("roles", "accessrequests") else ""
        path = f"/apis/{group}/{version}/{scope}{plural}/{name}" if group else f"/api/v1/{plural}/{name}"
        if path in cluster["answers"]:
            found.append(cluster["answers"][path])
        else:
            missing.append(f'Error from server (NotFound): {plural}{"." * bool(group)}{group} "{name}" not found')
    print(json.dumps({"kind": "List", "items": found}))
    if missing:
        fail("\n".join(missing))
    sys.exit(0)
elif arguments[0] == "create":
    answer = json.loads(text)
    if cluster["invalid"]:
        fail("\n".join(['Error from server (Invalid): error when creating "STDIN": it is invalid'] * len(answer["items"]) if answer["kind"] == "List" else [cluster["invalid"]]))
    if answer["kind"] == "List":
        for item in answer["items"]:
            item["metadata"].setdefault("name", "made")
            print(json.dumps(item, indent=4))
        sys.exit(0)
    answer["metadata"].setdefault("name", "made")
elif arguments[0] == "patch":
    if cluster["refusals"]:
        said = cluster["refusals"].pop(0)
        with open(folder + "/cluster.json", "w") as file:
            json.dump(cluster, file)
        fail(said)
    answer = cluster["answers"][cluster["path"] % arguments[2]]
else:
    fail("error: unknown command")
print(json.dumps(answer))
'''


def parse_arguments() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--plugin", type=Path, default=ROOT / "build" / "release" / "kubectl-curfew")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    sys.argv[1:] = rest


def request(name="fix", uid=UID % 1, spec=None, status=None, **more):
    """One that waits for an approval of group sre."""
    return {"apiVersion": "curfew.dev/v1alpha1", "kind": "AccessRequest",
            "metadata": {"name": name, "namespace": "payments", "uid": uid, "resourceVersion": "7", "creationTimestamp": "2026-11-24T20:00:00Z"},
            "spec": {"policy": "debug", "role": {"kind": "ClusterRole", "name": "view"}, "duration": "1h", "reason": "INC-1",
                     "requester": {"username": "alice", "groups": ["developers"]}, **(spec or {})},
            "status": {"phase": "Pending", **(status or {})}, **more}


def policy(name="debug", spec=None, ready="True", message="x"):
    return {"apiVersion": "curfew.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": name, "uid": UID % 9, "resourceVersion": "7", "generation": 1},
            "spec": {"requesters": [{"kind": "Group", "name": "developers"}], "roles": [{"kind": "ClusterRole", "name": "view"}], "namespaces": {"names": ["payments"]},
                     "duration": {"default": "30m", "max": "2h"}, "approval": {"required": 1, "approvers": [{"kind": "Group", "name": "sre"}]}, **(spec or {})},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Ready", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}


class FakeClusterTest(unittest.TestCase):
    """A test with a cluster, a home and a PATH of its own."""
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="curfew-fake-")  # pylint: disable=consider-using-with  # until the test's end
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.home = self.folder / "home"
        self.home.mkdir()
        kubectl = self.folder / "kubectl"
        kubectl.write_text(KUBECTL)
        kubectl.chmod(0o755)
        (self.folder / "log").touch()
        self.cluster = {"server": "https://one.test:6443", "username": "bob", "missing": "Error from server (NotFound): it was not found", "refusals": [], "expired": [], "invalid": "", "unavailable": {},
                        "path": f"{CURFEW}/namespaces/payments/accessrequests/%s", "answers": {}}
        self.serve()

    def serve(self, requests=(), policies=(), records=(), others=None):
        """What there is in the cluster from now on."""
        view = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view", "uid": UID % 8, "resourceVersion": "7"}, "rules": []}
        answers = {"/apis/rbac.authorization.k8s.io/v1/clusterroles/view": view, **(others or {}), f"{CURFEW}/accesspolicies": {"items": list(policies)}, f"{CURFEW}/auditrecords": {"items": list(records)}}
        for path in (f"{CURFEW}/accessrequests", f"{CURFEW}/namespaces/payments/accessrequests"):
            answers[path] = {"items": list(requests)}
        answers.update({f"{CURFEW}/accesspolicies/{one['metadata']['name']}": one for one in policies})
        answers.update({f"{CURFEW}/namespaces/payments/accessrequests/{one['metadata']['name']}": one for one in requests})
        self.cluster["answers"] = answers
        self.write()

    def write(self):
        (self.folder / "cluster.json").write_text(json.dumps(self.cluster))

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "KUBECONFIG", "TMUX")}
        return {**kept, "HOME": str(self.home), "PATH": f"{self.folder}:{OPTIONS.plugin.parent}:{os.environ['PATH']}", "TERM": "xterm", **more}

    def run_plugin(self, *arguments, **more):
        return subprocess.run([OPTIONS.plugin, *arguments], capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL, env=self.environment(**more))

    def says(self, *arguments, code=0, **more):
        """Both outputs together."""
        done = self.run_plugin(*arguments, **more)
        said = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, code, said)
        return said

    def asked(self):
        """The arguments of each call of kubectl so far."""
        return [json.loads(line)["arguments"] for line in (self.folder / "log").read_text().splitlines()]

    def patches(self):
        return [json.loads(call[call.index("--patch") + 1]) for call in self.asked() if call[0] == "patch"]
