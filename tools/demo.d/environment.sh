# Sourced by tools/demo: what the story needs around it. Everything that runs belongs to one control plane, whose `down` ends it.

readonly controlplane=$checkout/tools/controlplane
readonly people=(alice bob carol dave)
declare -rA groups=([alice]="employees developers" [bob]="employees sre" [carol]="employees platform" [dave]="employees")

# Runs a step of some seconds without its output, in a session of its own so that an interruption can end it, shown only if it
# fails.
quietly() {
  local what=$1 log=$folder/$2.log code=0
  shift 2
  say "$what"
  setsid "$@" >"$log" 2>&1 </dev/null &
  child=$!
  wait "$child" || code=$?
  child=
  if ((code != 0)); then
    tail -n 40 "$log" >&2
    stop "that failed: $*"
  fi
}

stop() {
  echo "demo: $*" >&2
  exit 1
}

# Only what the story needs: no tests, no helm. Leaves the programs in PATH, where kubectl finds the plugin.
build_all() {
  cd "$checkout" || exit 1
  if [[ -n $built ]]; then
    quietly "Building a Kubernetes API server where none was built before" controlplane "$controlplane" build --without-helm
  else
    build_from_nothing
  fi
  binaries=$(tail -n 1 "$folder/controlplane.log"):${built:=$checkout/build/release}
  export PATH=$binaries:$PATH
}

build_from_nothing() {
  say "Installing what the build needs, where it is missing"
  begin dependencies "$checkout/tools/install-dependencies"
  finish dependencies
  say "Building the controller and the plugin, and a Kubernetes API server where none was built before: some minutes the first time"
  begin controller bash -c "cmake --preset release && cmake --build --preset release --target curfew kubectl-curfew"
  begin controlplane "$controlplane" build --without-helm
  finish controller controlplane
}

# Starts the API server, installs Curfew as the README says, and runs the controller as its own ServiceAccount.
start_all() {
  quietly "Starting it: etcd, kube-apiserver and kube-controller-manager on free ports" up "$controlplane" up --state "$cluster"
  export KUBECONFIG=$cluster/admin.kubeconfig
  quietly "Installing Curfew: kubectl apply -k manifests/" install kubectl apply -k "$checkout/manifests/"
  # There is no node that could run the Deployment's pods. The controller is a process here, and may do no more than they might.
  quietly "Starting the controller as ServiceAccount curfew-system/curfew" company bash -c make_company
  local token
  token=$("$controlplane" token curfew-system curfew --state "$cluster") || exit 1
  "$controlplane" start --state "$cluster" curfew -- \
    "$built/curfew" --kubeconfig "$token" --metrics-address 127.0.0.1:0 || exit 1
  wait_until_ready
  make_people
  wait_until_kinds_are_known
}

make_company() {
  local i
  for ((i = 0; i < 50; i++)); do # a pod needs the ServiceAccount that every namespace is given in a moment
    kubectl apply -f "$checkout/tools/demo.d/objects/company.yaml" && return
    sleep 0.2
  done
  return 1
}
export -f make_company
export checkout

# The controller says it is ready only once the guard has been in force for five seconds.
wait_until_ready() {
  local log=$cluster/logs/curfew.log port i
  for ((i = 0; i < 300; i++)); do
    port=$(sed -nE 's/.*"metrics_address": ?"127\.0\.0\.1:([0-9]+)".*/\1/p' "$log" | head -n 1)
    [[ -n $port && $(http_status "$port" /readyz) == 200 ]] && return
    ((i % 10 > 0)) || controller_is_running || break
    sleep 0.1
  done
  tail -n 20 "$log" >&2
  stop "the controller is not ready: see above"
}

controller_is_running() {
  grep -q '^curfew .*running' <<<"$("$controlplane" status --state "$cluster")"
}

# With bash alone, since a machine with nothing but git and make has no curl.
http_status() {
  local status=''
  {
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
    read -r -t 2 _ status _ <&3
  } 2>/dev/null
  echo "$status"
}

# A kubeconfig for each of the four, which looks at namespace payments.
make_people() {
  local who made
  cp "$KUBECONFIG" "$folder/admin.kubeconfig"
  for who in "${people[@]}"; do
    # shellcheck disable=SC2086
    made=$("$controlplane" user --state "$cluster" -- "$who" ${groups[$who]}) || exit 1
    cp "$made" "$folder/$who.kubeconfig"
    kubectl --kubeconfig "$folder/$who.kubeconfig" config set-context --current --namespace=payments >/dev/null || exit 1
  done
}

# The mutating policies learn of new kinds a few seconds after the API server serves them; until then it answers 503, which asks to try again.
wait_until_kinds_are_known() {
  local i said
  for ((i = 0; i < 150; i++)); do
    said=$(kubectl create --dry-run=server -f "$checkout/tools/demo.d/objects/request-of-dave.yaml" 2>&1)
    [[ $said != *"There can be a delay"* ]] && return
    sleep 0.2
  done
  stop "the API server does not know AccessRequests after half a minute: $said"
}
