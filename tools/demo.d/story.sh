# Sourced by tools/demo: the story itself. Everything in it but one chapter is plain kubectl; each step is checked.

story() {
  the_cast
  a_policy
  strangers_are_refused
  alice_asks
  nobody_forges
  bob_approves
  time_is_up
  bob_denies
  done_early
  the_plugin
  the_policy_changes
  the_records
}

the_cast() {
  chapter "Four people, each with a client certificate and no more rights than it says here"
  say "alice   a developer                 may make AccessRequests, as all employees may" \
    "bob     on call, in group sre       may look at AccessRequests and answer them" \
    "carol   of the platform team        writes AccessPolicies and reads the records" \
    "dave    an employee                 may make AccessRequests too" "" \
    "Their kubeconfigs look at namespace payments. What follows a \$ is typed by the one named before it."
}

a_policy() {
  chapter "Carol writes down who may ask for what, for how long, and who decides"
  as carol succeeds:AccessPolicy "cat tools/demo.d/objects/policy.yaml"
  as carol succeeds:created "kubectl apply -f tools/demo.d/objects/policy.yaml"
  as carol succeeds:met "kubectl wait --for=condition=Ready accesspolicy/payments-debug --timeout=10s"
}

strangers_are_refused() {
  chapter "Dave is not one of the developers that the policy names. The API server itself says so, at once"
  as dave "fails:dave is not a requester of AccessPolicy payments-debug" "kubectl apply -f tools/demo.d/objects/request-of-dave.yaml"
}

alice_asks() {
  chapter "Alice has no access to the pods, and asks for eight seconds of it"
  as alice fails:no "kubectl auth can-i list pods"
  as alice succeeds:AccessRequest "cat tools/demo.d/objects/request.yaml"
  as alice succeeds:created "kubectl apply -f tools/demo.d/objects/request.yaml"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Pending accessrequest/fix-inc-123 --timeout=10s"
  as alice succeeds:Pending "kubectl get accessrequests"
}

nobody_forges() {
  chapter "She cannot approve it herself, and cannot put words into bob's mouth"
  as alice "fails:alice is not an approver|alice would get this access and so cannot approve it" \
    "kubectl annotate accessrequest fix-inc-123 curfew.dev/approve='I am sure'"
  as alice "fails:you may decide as yourself only, alice|alice is not an approver" \
    "kubectl patch accessrequest fix-inc-123 --type=merge -p '{\"decisions\":[{\"verdict\":\"Approve\",\"username\":\"bob\",\"groups\":[\"sre\"],\"comment\":\"fine\"}]}'"
  as alice fails:no "kubectl auth can-i list pods"
}

bob_approves() {
  chapter "Bob approves with an annotation; the time runs from the moment the access exists"
  as bob succeeds:annotated "kubectl annotate accessrequest fix-inc-123 curfew.dev/approve='looks right'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-123 --timeout=10s"
  as alice succeeds:yes "kubectl auth can-i list pods"
  as alice succeeds:consumer "kubectl get pods"
  as alice "succeeds:Phase: +Active" "kubectl describe accessrequest fix-inc-123"
}

time_is_up() {
  chapter "Time is up: at expiresAt the access is gone"
  as alice succeeds:Z "kubectl get accessrequest fix-inc-123 -o jsonpath='{.status.expiresAt}{\"\\n\"}'"
  sleep_until "$(<"$folder/output")"
  as alice fails:no "kubectl auth can-i list pods   # at $(date -u +%H:%M:%S.%3NZ)"
  as alice fails:Forbidden "kubectl get pods"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Expired accessrequest/fix-inc-123 --timeout=10s"
}

# Until an RFC 3339 time. In the background, so that an interruption need not wait for it.
sleep_until() {
  local left
  left=$(($(date -d "$1" +%s%3N 2>/dev/null || echo 0) - $(date +%s%3N)))
  ((left > 0)) || return 0
  setsid sleep "$((left / 1000)).$(printf %03d $((left % 1000)))" &
  child=$!
  wait "$child"
  child=
}

bob_denies() {
  chapter "Another request, which bob denies"
  as alice succeeds:created "kubectl apply -f tools/demo.d/objects/request-out-of-hours.yaml"
  as bob succeeds:annotated "kubectl annotate accessrequest look-around curfew.dev/deny='not without an incident'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Denied accessrequest/look-around --timeout=10s"
  as alice "succeeds:not without an incident" "kubectl get accessrequest look-around -o jsonpath='{.status.message}{\"\\n\"}'"
  as alice fails:no "kubectl auth can-i list pods"
}

done_early() {
  chapter "Ten minutes are granted, and alice is done early: she gives the access back herself"
  as alice succeeds:created "kubectl apply -f tools/demo.d/objects/request-again.yaml"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Pending accessrequest/fix-inc-124 --timeout=10s"
  as bob succeeds:annotated "kubectl annotate accessrequest fix-inc-124 curfew.dev/approve='again?'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-124 --timeout=10s"
  as alice succeeds:yes "kubectl auth can-i list pods"
  as alice succeeds:annotated "kubectl annotate accessrequest fix-inc-124 curfew.dev/revoke='done'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/fix-inc-124 --timeout=10s"
  as alice fails:no "kubectl auth can-i list pods"
}

the_plugin() {
  chapter "The same with the plugin, which finds the policy and shows what it approves"
  as alice succeeds:payments-debug "kubectl curfew policies"
  as alice "succeeds:look-again" "kubectl curfew request --for 5m --reason 'INC-124 another look' --name look-again"
  as bob succeeds:look-again "kubectl curfew list --to-decide"
  as bob "succeeds:approved|Active" "kubectl curfew approve look-again -m 'go ahead'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/look-again --timeout=10s"
  as alice succeeds:Active "kubectl curfew list"
  as alice "succeeds:look-again" "kubectl curfew revoke look-again -m done"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/look-again --timeout=10s"
  as bob succeeds:Revoked "kubectl curfew explain look-again"
}

the_policy_changes() {
  chapter "Alice has access again when carol suspends the policy: what it no longer allows is taken away"
  as alice succeeds:created "kubectl apply -f tools/demo.d/objects/request-once-more.yaml"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Pending accessrequest/fix-inc-125 --timeout=10s"
  as bob succeeds:annotated "kubectl annotate accessrequest fix-inc-125 curfew.dev/approve='last time'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-125 --timeout=10s"
  as alice succeeds:yes "kubectl auth can-i list pods"
  as carol succeeds:patched "kubectl patch accesspolicy payments-debug --type=merge -p '{\"spec\":{\"suspend\":true}}'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/fix-inc-125 --timeout=10s"
  as alice fails:no "kubectl auth can-i list pods"
  as alice "succeeds:is suspended" "kubectl get accessrequest fix-inc-125 -o jsonpath='{.status.message}{\"\n\"}'"
}

first_record() {
  kubectl get auditrecords --sort-by=.time -o name | head -n 1
}

the_records() {
  chapter "What is left: requests, Events, and audit records, which nobody can edit"
  as carol "succeeds:fix-inc-123 +Expired" "kubectl get accessrequests"
  as carol succeeds:Granted "kubectl get events --sort-by=.eventTime -o custom-columns=TIME:.eventTime,REASON:.reason,REQUEST:.involvedObject.name,MESSAGE:.message"
  as carol succeeds:Expired "kubectl get auditrecords --sort-by=.time"
  say "Not even the cluster's administrator, of group system:masters:"
  as admin "fails:written and deleted by Curfew only" "kubectl delete $(first_record)"
}
