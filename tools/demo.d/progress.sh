# Sourced by tools/demo: long steps that run side by side without their output, and one line that says how far they are.

declare -A running=() # name of a step -> process id, which is that of its session too
declare -rA titles=([dependencies]="Debian packages" [controller]="controller" [controlplane]="Kubernetes")
# The minutes that one core needs for a step on a machine with nothing: what is guessed from until the steps themselves say.
declare -rA minutes=([dependencies]=4 [controller]=12 [controlplane]=12)
readonly telling_interval=30 # seconds between two lines where there is no terminal

# begin NAME COMMAND...: in a session of its own, so that an interruption can end all of it. Its output is in NAME.log.
begin() {
  local name=$1
  shift
  setsid "$@" >"$folder/$name.log" 2>&1 </dev/null &
  running[$name]=$!
}

end_running() {
  local name
  for name in "${!running[@]}"; do
    kill -TERM -- "-${running[$name]}" 2>/dev/null
  done
}

# finish NAME...: waits for these steps. If one fails, shows the end of its output and stops.
finish() {
  local began=$SECONDS told=$SECONDS name code
  local left=("$@")
  while ((${#left[@]} > 0)); do
    sleep 0.5
    for name in "${left[@]}"; do
      is_running "$name" && continue
      code=0
      wait "${running[$name]}" || code=$?
      unset "running[$name]"
      ((code == 0)) || fail_step "$name"
    done
    left=()
    for name in "$@"; do [[ -z ${running[$name]:-} ]] || left+=("$name"); done
    tell "$@"
  done
  [[ ! -t 1 ]] || printf '\r\e[K'
}

is_running() {
  grep -qx "${running[$1]}" <<<"$(jobs -rp)"
}

fail_step() {
  [[ ! -t 1 ]] || printf '\r\e[K'
  tail -n 40 "$folder/$1.log" >&2
  stop "that failed: ${titles[$1]:-$1}"
}

# Uses `began` and `told` of its caller.
tell() {
  local width
  if [[ -t 1 ]]; then
    width=$(stty size <&1 2>/dev/null | cut -d' ' -f2)
    printf '\r\e[K%.*s' "$((${width:-80} - 1))" "$(progress "$((SECONDS - began))" "$@")"
  elif ((SECONDS - told >= telling_interval)); then
    told=$SECONDS
    say "$(progress "$((SECONDS - began))" "$@")"
  fi
}

# "  controller: step 45 of 142; Kubernetes: step 310 of 1893; 2 min so far, about 5 min more"
progress() {
  local elapsed=$1 name line='' left=5 of_step
  shift
  for name; do
    line+="${titles[$name]}: $(state_of "$name"); "
    of_step=$(seconds_left "$name" "$elapsed")
    ((left >= of_step)) || left=$of_step
  done
  echo "  $line$(duration "$elapsed") so far, about $(duration "$left") more"
}

# By how long the step took to get this far; by the guess while that is less than a twentieth.
seconds_left() {
  local percent elapsed=$2
  percent=$(percent_of "$1")
  if ((percent >= 5)); then
    echo $((elapsed * (100 - percent) / percent))
  else
    echo $((minutes[$1] * 60 / $(nproc)))
  fi
}

duration() {
  if (($1 < 100)); then echo "$1 s"; else echo "$((($1 + 30) / 60)) min"; fi
}

state_of() {
  local at
  [[ -n ${running[$1]:-} ]] || { echo "done"; return; }
  at=$(steps_of "$1")
  if [[ -n $at && ${at% *} == "${at#* }" ]]; then
    echo "linking"
  elif [[ -n $at ]]; then
    echo "step ${at% *} of ${at#* }"
  elif [[ $1 == controlplane ]] && grep -q '^go: downloading' "$folder/$1.log"; then
    echo "$(grep -c '^go: downloading' "$folder/$1.log") modules fetched"
  else
    echo "beginning"
  fi
}

percent_of() {
  local at
  [[ -n ${running[$1]:-} ]] || { echo 100; return; }
  at=$(steps_of "$1")
  echo $((${at:+100 * ${at% *} / ${at#* }} + 0))
}

# "N M" of the last "[N/M]" in a step's output, as ninja and `controlplane build` write it, or of apt's packages.
steps_of() {
  if [[ $1 == dependencies ]]; then
    awk '/ newly installed/ { for (i = 2; i <= NF; i++) if ($(i + 1) == "newly") all = $i }
      /^(Get:|Unpacking |Setting up )/ { n++ } END { if (all) print (n < 3 * all ? n : 3 * all), 3 * all }' "$folder/$1.log"
  else
    sed -nE 's/^\[([0-9]+)\/([0-9]+)\].*/\1 \2/p' "$folder/$1.log" | tail -n 1
  fi
}
