"""Each value of the chart, once: another value than the default, and where it is to be found in what is rendered."""

import json

from charts import named


def deployment(items):
    return named(items, "Deployment")["spec"]["template"]


def job(items):
    return named(items, "Job", "curfew-end-all")["spec"]["template"]["spec"]


def pods(items):
    return [deployment(items)["spec"], job(items)]


def containers(items):
    return {pod["containers"][0]["image"] for pod in pods(items)}


def grantable(items):
    return [item["metadata"]["name"] for item in items if item["metadata"].get("labels", {}).get("curfew.dev/grantable")]


def has_dashboard(items):
    found = named(items, "ConfigMap", "curfew-dashboard")
    return found is not None and json.loads(found["data"]["curfew.json"])["title"] == "Curfew"


def alerts(items):
    rule = named(items, "PrometheusRule")
    return [] if rule is None else [one["alert"] for one in rule["spec"]["groups"][0]["rules"]]


def guarded(items):
    return named(items, "ValidatingAdmissionPolicy", "curfew-guarded-roles")["spec"]["matchConditions"]


def guarded_subjects(items):
    variables = named(items, "ValidatingAdmissionPolicy", "curfew-guarded-roles")["spec"]["variables"]
    return next(one["expression"] for one in variables if one["name"] == "added")


# For each value: (another one, what holds of the rendered objects then and not by default).
CHANGES = {
    "replicas": (3, lambda o: named(o, "Deployment")["spec"]["replicas"] == 3),
    "image.repository": ("registry.test/curfew", lambda o: containers(o) == {"registry.test/curfew:0.1.0"}),
    "image.tag": ("1.2.3", lambda o: containers(o) == {"curfew:1.2.3"}),
    "image.digest": ("sha256:" + "0" * 64, lambda o: containers(o) == {"curfew@sha256:" + "0" * 64}),
    "image.pullPolicy": ("Always", lambda o: all(pod["containers"][0]["imagePullPolicy"] == "Always" for pod in pods(o))),
    "imagePullSecrets": ([{"name": "registry"}], lambda o: all(pod["imagePullSecrets"] == [{"name": "registry"}] for pod in pods(o))),
    "grantableClusterRoles": (["edit"], lambda o: grantable(o) == ["curfew-grantable-edit"]),
    "grantableRoles": ([{"namespace": "payments", "name": "debugger"}],
                       lambda o: named(o, "RoleBinding", "curfew-grantable-debugger")["metadata"]["namespace"] == "payments"
                       and named(o, "Role", "curfew-grantable-debugger")["rules"][0]["resourceNames"] == ["debugger"]),
    "clusterWide.enabled": (True, lambda o: named(o, "ClusterRoleBinding", "curfew-cluster-wide") and named(o, "ClusterRole", "curfew-grantable-cluster-wide")),
    "clusterWide.grantableClusterRoles": (["view"],
                                          lambda o: named(o, "ClusterRole", "curfew-grantable-cluster-wide-view")["rules"][0]["verbs"] == ["bind", "grant-cluster-wide"]),
    "iKnowThatClusterAdminCannotBeTakenBack": (True, lambda o: grantable(o) == ["curfew-grantable-view"]),
    "guardedClusterRoles": (["admin"], lambda o: '"admin"' in str(guarded(o))),
    "guardedRoles": (["debugger"], lambda o: '"debugger"' in str(guarded(o))),
    "guardedFromServiceAccounts": (True, lambda o: "kube-system" in guarded_subjects(o)),
    "policyViewer.enabled": (False, lambda o: not named(o, "ClusterRoleBinding", "curfew-policy-viewers")),
    "mutatingPolicies": ("none", lambda o: not named(o, "MutatingAdmissionPolicy", "curfew-requester")),
    "eligibilityPolicy.enabled": (False, lambda o: not any(named(o, "ValidatingAdmissionPolicy", f"curfew-{name}") for name in ("eligibility", "extensions", "cluster-extensions"))
                                  and all("--no-eligibility-policy" in pod["containers"][0]["args"] for pod in pods(o))),
    "flags": ({"workers": 16, "requester-qps": 0.5, "namespace-burst": 500, "completed-request-ttl": "720h"},
              lambda o: all({"--workers=16", "--requester-qps=0.5", "--namespace-burst=500", "--completed-request-ttl=720h"} <= set(pod["containers"][0]["args"]) for pod in pods(o))),
    "endAll.timeout": ("90s", lambda o: "--timeout=90s" in job(o)["containers"][0]["args"]),
    "resources": ({"limits": {"memory": "1Gi"}}, lambda o: all(pod["containers"][0]["resources"]["limits"]["memory"] == "1Gi" for pod in pods(o))),
    "podAnnotations": ({"a": "b"}, lambda o: deployment(o)["metadata"]["annotations"] == {"a": "b"}),
    "podLabels": ({"team": "platform", "app.kubernetes.io/name": "other"},
                  lambda o: deployment(o)["metadata"]["labels"]
                  == {"team": "platform", "app.kubernetes.io/name": "curfew", "app.kubernetes.io/component": "controller", "app.kubernetes.io/part-of": "curfew",
                      "app.kubernetes.io/instance": "curfew", "app.kubernetes.io/version": "0.1.0", "app.kubernetes.io/managed-by": "Helm"}),
    "nodeSelector": ({"disk": "ssd"}, lambda o: all(pod["nodeSelector"] == {"disk": "ssd", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"} for pod in pods(o))),
    "tolerations": ([{"key": "spot", "operator": "Exists"}], lambda o: all(pod["tolerations"][0]["key"] == "spot" for pod in pods(o))),
    "affinity": ({"nodeAffinity": {}}, lambda o: all(pod["affinity"] == {"nodeAffinity": {}} for pod in pods(o))),
    "priorityClassName": ("system-cluster-critical", lambda o: all(pod["priorityClassName"] == "system-cluster-critical" for pod in pods(o))),
    "podDisruptionBudget.enabled": (False, lambda o: not named(o, "PodDisruptionBudget")),
    "networkPolicy.enabled": (False, lambda o: not named(o, "NetworkPolicy")),
    "networkPolicy.apiServerPorts": ([16443], lambda o: named(o, "NetworkPolicy")["spec"]["egress"] == [{"ports": [{"port": 16443, "protocol": "TCP"}]}]),
    "networkPolicy.metricsFrom": ([{"podSelector": {}}], lambda o: named(o, "NetworkPolicy")["spec"]["ingress"][0]["from"] == [{"podSelector": {}}]),
    "flowSchema.enabled": (True, lambda o: named(o, "FlowSchema") and named(o, "PriorityLevelConfiguration")),
    "podMonitor.enabled": (True, lambda o: named(o, "PodMonitor")),
    "podMonitor.interval": ("10s", lambda o: named(o, "PodMonitor")["spec"]["podMetricsEndpoints"][0]["interval"] == "10s"),
    "prometheusRule.enabled": (True, lambda o: len(alerts(o)) == 13),
    "prometheusRule.labels": ({"release": "prometheus"}, lambda o: named(o, "PrometheusRule")["metadata"]["labels"]["release"] == "prometheus"),
    "dashboard.enabled": (True, has_dashboard),
    "dashboard.labels": ({"dashboards": "yes"}, lambda o: named(o, "ConfigMap", "curfew-dashboard")["metadata"]["labels"]["dashboards"] == "yes"),
    "podMonitor.labels": ({"release": "prometheus"}, lambda o: named(o, "PodMonitor")["metadata"]["labels"]["release"] == "prometheus"),
}
# Values that show only where another is set.
NEEDS = {
    "guardedFromServiceAccounts": ("guardedClusterRoles", ["edit"]),
    "clusterWide.grantableClusterRoles": ("clusterWide.enabled", True),
    "podMonitor.interval": ("podMonitor.enabled", True),
    "podMonitor.labels": ("podMonitor.enabled", True),
    "prometheusRule.labels": ("prometheusRule.enabled", True),
    "dashboard.labels": ("dashboard.enabled", True),
}
