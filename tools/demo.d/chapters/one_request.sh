# Sourced by tools/demo: a request from its policy to its end, with plain kubectl.

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
