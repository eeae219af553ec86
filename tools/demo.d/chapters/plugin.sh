# Sourced by tools/demo: what the plugin does.

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

more_time() {
  chapter "Six seconds are too short: alice asks for more before they end, and there is no moment without access"
  as alice succeeds:fix-inc-125 "kubectl curfew request --for 6s --reason 'INC-125 a long query' --name fix-inc-125"
  as bob succeeds:approved "kubectl curfew approve fix-inc-125 -m ok"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-125 --timeout=10s"
  as alice succeeds:fix-inc-125-2 "kubectl curfew extend fix-inc-125 --for 5m"
  as bob succeeds:approved "kubectl curfew approve fix-inc-125-2 -m 'take your time'"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Active accessrequest/fix-inc-125-2 --timeout=10s"
  as alice "succeeds:fix-inc-125-2 +Active .* 5m" "kubectl curfew list --active"
  as alice succeeds:Z "kubectl get accessrequest fix-inc-125 -o jsonpath='{.status.expiresAt}{\"\\n\"}'"
  sleep_until "$(<"$folder/output")"
  as alice succeeds:yes "kubectl auth can-i list pods   # at $(date -u +%H:%M:%S.%3NZ)"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Expired accessrequest/fix-inc-125 --timeout=10s"
  as alice succeeds:revoked "kubectl curfew revoke fix-inc-125-2 -m done"
  as alice succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/fix-inc-125-2 --timeout=10s"
  as alice fails:no "kubectl auth can-i list pods"
}
