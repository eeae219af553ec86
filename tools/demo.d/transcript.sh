# Sourced by tools/demo: the story as it is printed, and the check that each step came out as it should.

bold='' dim='' green='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
steps=0
unexpected=0

say() {
  printf '%s\n' "$@"
}

chapter() {
  printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# as WHO OUTCOME COMMAND: runs a command line as one person and prints both. OUTCOME is what must come of it: "succeeds" or
# "fails", and after a colon what the output must contain (an extended regular expression). No outcome stops the story.
as() {
  local who=$1 outcome=$2 command=$3 output code=0 verdict=succeeds
  printf '%s%s $ %s%s\n' "$green" "$who" "$command" "$plain"
  output=$folder/output
  KUBECONFIG=$folder/$who.kubeconfig XDG_CACHE_HOME=$folder/cache/$who setsid bash -c "$command" >"$output" 2>&1 </dev/null &
  child=$!
  wait "$child" || code=$?
  child=
  sed "s/^/    /" "$output"
  ((code == 0)) || verdict=fails
  ((steps += 1))
  if [[ $verdict != "${outcome%%:*}" ]] || { [[ $outcome == *:* ]] && ! grep -qE -- "${outcome#*:}" "$output"; }; then
    ((unexpected += 1))
    printf '%s!!! expected: %s%s\n' "$red" "$outcome" "$plain"
  fi
}

the_end() {
  chapter "The end"
  if ((unexpected > 0)); then
    say "$unexpected of $steps steps did not come out as they should; they are marked with !!!"
    return 1
  fi
  say "All $steps steps came out as they should."
}
