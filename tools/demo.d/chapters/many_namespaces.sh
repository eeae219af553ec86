# Sourced by tools/demo: access in more than one namespace, by a ClusterAccessRequest.

several_namespaces() {
  chapter "An incident in two namespaces: one ClusterAccessRequest asks for both, and bob decides once"
  as alice "succeeds:in namespaces payments and payments-batch" \
    "kubectl curfew request -n payments -n payments-batch --for 10m --reason 'INC-126 the batch waits for the consumer' --name fix-inc-126"
  as bob succeeds:approved "kubectl curfew approve fix-inc-126 --cluster-wide -m 'both, then'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active clusteraccessrequest/fix-inc-126 --timeout=10s"
  as alice succeeds:consumer "kubectl get pods"
  as alice succeeds:nightly "kubectl get pods --namespace payments-batch"
  as alice fails:no "kubectl auth can-i list pods --all-namespaces"
  as alice succeeds:revoked "kubectl curfew revoke fix-inc-126 --cluster-wide -m 'both run'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked clusteraccessrequest/fix-inc-126 --timeout=10s"
  as alice fails:no "kubectl auth can-i list pods"
  as alice fails:no "kubectl auth can-i list pods --namespace payments-batch"
}

the_whole_cluster() {
  chapter "The whole cluster: an administrator lets Curfew grant ClusterRole view there, and carol writes a policy for it"
  as admin succeeds:created "kubectl apply -f manifests/components/cluster-wide/rbac.yaml -f manifests/samples/grantable-cluster-wide-view.yaml"
  as carol "succeeds:scope: Cluster" "cat manifests/samples/policy-cluster-wide.yaml"
  as carol succeeds:created "kubectl apply -f manifests/samples/policy-cluster-wide.yaml"
  as carol succeeds:met "kubectl wait --for=condition=Ready accesspolicy/cluster-view --timeout=30s"
}

alice_looks_everywhere() {
  chapter "Alice looks for the namespace that leaks connections, for six seconds"
  as alice fails:no "kubectl auth can-i list pods --all-namespaces"
  as alice succeeds:cluster-wide "kubectl curfew request --cluster-wide --for 6s --reason 'INC-127 which namespace leaks connections?' --name find-leak"
  as bob succeeds:annotated "kubectl annotate clusteraccessrequest find-leak curfew.dev/approve='go ahead'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active clusteraccessrequest/find-leak --timeout=10s"
  as alice succeeds:yes "kubectl auth can-i list pods --all-namespaces"
  as alice succeeds:nightly "kubectl get pods --all-namespaces"
  as alice succeeds:Z "kubectl get clusteraccessrequest find-leak -o jsonpath='{.status.expiresAt}{\"\\n\"}'"
  sleep_until "$(<"$folder/output")"
  as alice fails:no "kubectl auth can-i list pods --all-namespaces   # at $(date -u +%H:%M:%S.%3NZ)"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Expired clusteraccessrequest/find-leak --timeout=10s"
}
