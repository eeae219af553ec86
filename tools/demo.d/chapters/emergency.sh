# Sourced by tools/demo: access that nobody is asked for before, and somebody looks at afterwards.

an_emergency_policy() {
  chapter "For emergencies carol writes a policy that asks nobody before, and the platform team afterwards"
  as carol succeeds:review "cat tools/demo.d/objects/policy-emergency.yaml"
  as carol succeeds:created "kubectl apply -f tools/demo.d/objects/policy-emergency.yaml"
  as carol succeeds:met "kubectl wait --for=condition=Ready accesspolicy/payments-emergency --timeout=10s"
}

bob_breaks_the_glass() {
  chapter "Bob is alone when payments fail, and breaks the glass (--yes: on a terminal he would be asked)"
  as bob fails:no "kubectl auth can-i list pods"
  as bob "succeeds:is Active until" "kubectl curfew break-glass --reason 'INC-128 payments are failing' --name inc-128 --yes"
  as bob succeeds:yes "kubectl auth can-i list pods"
  as bob succeeds:revoked "kubectl curfew revoke inc-128 -m 'a full disk'"
  as bob succeeds:condition "kubectl wait --for=jsonpath='{.status.phase}'=Revoked accessrequest/inc-128 --timeout=10s"
  as bob fails:no "kubectl auth can-i list pods"
}

carol_reviews() {
  chapter "The access is over, its request waits for a review: not by bob, who had it"
  as bob "fails:cannot review it" "kubectl curfew review inc-128 --justified -m 'it had to be'"
  as carol succeeds:inc-128 "kubectl curfew list --to-review"
  as carol succeeds:justified "kubectl curfew review inc-128 --justified -m 'the disk was full'"
  as carol succeeds:met "kubectl wait --for=condition=Reviewed accessrequest/inc-128 --timeout=10s"
  as carol "succeeds:Reviewed: carol" "kubectl curfew history inc-128"
}
