# Sourced, not run. `await CMD...` runs CMD and returns its exit status, as just
# writing CMD would, with one difference: a TERM or HUP sent to this script alone
# (by timeout, make or a CI machine) reaches CMD at once. Bash by itself would hold
# the signal back until CMD ends, which a server never does. The caller's EXIT trap
# then cleans up. CMD keeps the terminal's stdin and ctrl-C, which commands in the
# background otherwise lose.
await() {
  local child status=0
  trap : INT
  (trap - INT; exec "$@") <&0 &
  child=$!
  # shellcheck disable=SC2064 # this child, whatever the variable is later
  trap "kill -TERM $child 2>/dev/null || true" TERM HUP
  wait "$child" || status=$?
  # Interrupted by a signal: the child may still be finishing.
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  return "$status"
}
