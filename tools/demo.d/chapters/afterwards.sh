# Sourced by tools/demo: what becomes of access when its policy changes, and what is left of it all.

the_policy_changes() {
  chapter "Alice has access again when carol suspends the policy: what it no longer allows is taken away"
  as alice succeeds:created "kubectl apply -f tools/demo.d/objects/request-once-more.yaml"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Pending accessrequest/fix-inc-129 --timeout=10s"
  as bob succeeds:annotated "kubectl annotate accessrequest fix-inc-129 curfew.dev/approve='last time'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-129 --timeout=10s"
  as alice succeeds:yes "kubectl auth can-i list pods"
  as carol succeeds:patched "kubectl patch accesspolicy payments-debug --type=merge -p '{\"spec\":{\"suspend\":true}}'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/fix-inc-129 --timeout=10s"
  as alice fails:no "kubectl auth can-i list pods"
  as alice "succeeds:is suspended" "kubectl get accessrequest fix-inc-129 -o jsonpath='{.status.message}{\"\n\"}'"
}

first_record() {
  kubectl get auditrecords --sort-by=.time -o name | head -n 1
}

the_records() {
  chapter "What is left: requests, Events, and audit records, which nobody can edit"
  as carol "succeeds:fix-inc-123 +Expired" "kubectl get accessrequests,clusteraccessrequests"
  as carol succeeds:Granted "kubectl get events --sort-by=.eventTime -o custom-columns=TIME:.eventTime,REASON:.reason,REQUEST:.involvedObject.name,MESSAGE:.message"
  as carol succeeds:Expired "kubectl get auditrecords --sort-by=.time"
  say "Not even the cluster's administrator, of group system:masters:"
  as admin "fails:written and deleted by Curfew only" "kubectl delete $(first_record)"
}
