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
