# Sourced by tools/demo: the story, one function a chapter. Each step is checked.

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
  more_time
  several_namespaces
  the_whole_cluster
  alice_looks_everywhere
  an_emergency_policy
  bob_breaks_the_glass
  carol_reviews
  the_policy_changes
  the_records
}

the_cast() {
  chapter "Four people, each with a client certificate and no more rights than it says here"
  say "alice   a developer                 may make AccessRequests, as all employees may" \
    "bob     on call, in group sre       may look at AccessRequests and answer them" \
    "carol   of the platform team        writes AccessPolicies, reads the records, reviews emergencies" \
    "dave    an employee                 may make AccessRequests too" "" \
    "Their kubeconfigs look at namespace payments. What follows a \$ is typed by the one named before it." \
    "There is no node: Pods stay Pending, and Curfew runs as a process beside the API server."
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
