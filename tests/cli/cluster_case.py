"""A test of the plugin on a real API server, with a controller."""

import unittest
import uuid

from people import POLICY, admin, curfew

from programs import eventually  # found by people


class ClusterCase(unittest.TestCase):
    """Each test has a namespace and policies of its own."""
    maxDiff = 4000

    def setUp(self):
        self.space = f"plugin-{uuid.uuid4().hex[:8]}"
        self.policies = []
        admin("create", "namespace", self.space)
        self.addCleanup(self.clean)

    def clean(self):
        admin("delete", "accessrequests", "--all", "-n", self.space)
        admin("delete", "namespace", self.space, "--wait=false")
        for name in self.policies:
            admin("delete", "accesspolicy", name)

    def policy(self, suffix="debug", required=1, total=None, more=""):
        """`more`: fields of its spec, in flow style."""
        name = f"{self.space}-{suffix}"
        admin("apply", "-f", "-", text=POLICY % {"name": name, "namespace": self.space, "required": required, "description": f"{suffix} it",
                                                         "total": f", maxTotal: {total}" if total else "", "more": more})
        self.policies.append(name)
        eventually("the policy is Ready", lambda: "True" in admin("get", "accesspolicy", name, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"))
        return name

    def says(self, person, *arguments, code=0, **more):
        """Standard output where it went well, standard error otherwise."""
        done = curfew(person, *arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def ask(self, *more):
        return self.says("alice", "request", "view", "-n", self.space, "--policy", self.policies[0], "--reason", "INC-1", "-o", "name", *more).strip()

    def phase(self, name, phase):
        eventually(f"{name} is {phase}", lambda: admin("get", "accessrequest", name, "-n", self.space, "--ignore-not-found", "-o", "jsonpath={.status.phase}") == phase)
