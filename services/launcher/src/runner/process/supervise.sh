#!/bin/sh
# Leads one worker's process group and outlives the launcher that started it:
#
#   supervise.sh lead FOLDER COMMAND [ARGUMENT...]
#
# Leaves in FOLDER who leads the group (`leader`), who the worker is (`worker`) and what it exited with (`status`), so
# that any launcher can follow the run, stop it and tell how it ended. Each file appears whole or not at all.

# One line that names a process and no later one with the same number.
identify() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat < "/proc/$1/stat"
    read -r boot < /proc/sys/kernel/random/boot_id
    pid=$1
    # The name in parentheses may hold blanks; the start time is the 20th field after it.
    set -- ${stat##*) }
    echo "$pid ${20} $boot"
  else
    echo "$1 $(LC_ALL=C TZ=UTC ps -o lstart= -p "$1")"
  fi
}

mode=$1
folder=$2
shift 2

case $mode in
  lead)
    identify $$ > "$folder/leader.$$"
    # A link is made or refused as one step: of two leaders of the same run the second leaves.
    ln "$folder/leader.$$" "$folder/leader" 2> /dev/null || { rm -f "$folder/leader.$$"; exit 0; }
    rm -f "$folder/leader.$$"
    sh "$0" work "$folder" "$@"
    echo $? > "$folder/status.part"
    mv "$folder/status.part" "$folder/status"
    ;;
  work)
    identify $$ > "$folder/worker.part"
    mv "$folder/worker.part" "$folder/worker"
    # Shells put these into the environment; the worker gets what it was given and nothing else.
    exec env -u PWD -u OLDPWD -u SHLVL -u _ "$@"
    ;;
esac
