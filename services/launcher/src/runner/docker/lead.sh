# Leads a worker's container: hands the worker its token, passes SIGTERM on, and ends it at its deadline when no launcher
# looks. Both come as files, so that no description of the container ever shows the token, and the deadline can move:
# SIGHUP says that it did. Who kills this shell ends the container; who kills its timer only makes it look again.
# lead TOKEN-FILE VARIABLE DEADLINE-FILE GRACE-SECONDS COMMAND...
token=$1 variable=$2 deadline=$3 grace=$4
shift 4

value=$(cat "$token") && rm -f "$token" || exit 125
export "$variable=$value"
"$@" &
worker=$!
unset "$variable" value

trap 'kill -TERM "$worker" 2> /dev/null' TERM
trap : HUP CHLD

# A wait that a signal cut short says nothing of the worker.
leave_if_over() {
  kill -0 "$worker" 2> /dev/null && return
  wait "$worker"
  again=$?
  [ "$again" = 127 ] || status=$again
  exit "$status"
}

until_told() {
  wait "$worker"
  status=$?
  leave_if_over
}

timer='' until=''
while :; do
  now=$(date +%s) latest=$(cat "$deadline")
  [ "$latest" -gt "$now" ] || break
  if [ "$latest" != "$until" ] || ! kill -0 "$timer" 2> /dev/null; then
    [ -z "$timer" ] || kill "$timer" 2> /dev/null
    sleep "$((latest - now))" &
    timer=$! until=$latest
  fi
  until_told
done

# Time is up. However well the worker uses the grace time, that is why it ends.
kill -TERM "$worker" 2> /dev/null
sleep "$grace" &
timer=$!
while kill -0 "$timer" 2> /dev/null && kill -0 "$worker" 2> /dev/null; do
  wait "$worker"
done
kill -KILL "$worker" 2> /dev/null
exit 124
