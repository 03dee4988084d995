# Ports: the default when it is free, the next free one otherwise, and the same one on the next run.
# shellcheck shell=bash

declare -A port=()
declare -A port_chosen=()

# ports_load FILE... reads what earlier runs chose; the first file is this set's, the others are avoided.
ports_load() {
  local name value file own=yes
  for file in "$@"; do
    [[ -f $file ]] && while IFS='=' read -r name value; do
      if [[ $own == yes ]]; then port[$name]=$value; else port_chosen[$value]=other; fi
    done <"$file"
    own=no
  done
  return 0
}

# sockets STATES prints the ports of TCP sockets in these states, as the kernel numbers them (no tool is needed).
sockets() {
  local line
  while read -r line; do
    printf '%d\n' "$((16#${line##*:}))"
  done < <(awk -v states="$1" '$4 ~ "^(" states ")$" { print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# listens PORT says whether something listens there. No `grep -q`: with pipefail its early end would count as a failure.
listens() { sockets 0A | grep -x "$1" >/dev/null; }

# holder PORT prints who listens there, as far as this user may see it.
holder() {
  local inode socket pid
  inode=$(awk -v port=":$(printf '%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  socket=$(find /proc/[0-9]*/fd -lname "socket:\\[$inode\\]" -print -quit 2>/dev/null) || true
  pid=${socket#/proc/} pid=${pid%%/*}
  if [[ -z $pid ]]; then
    printf 'a process of another user'
  else
    printf 'process %s: %s' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
  fi
}

# A port is busy when something listens, or has it as the near end of a connection: the kernel may be set to give these ports to
# connections too. What only waits to be forgotten (06) is no hindrance.
busy() { sockets '0[1-57-9A-C]'; }

# choose NAME DEFAULT settles a port whose program does not run now. It leaves those alone that others of the set want.
choose() {
  local name=$1 wanted=${port[$1]:-$2} candidate
  candidate=$wanted
  while [[ -n ${port_taken[$candidate]:-} || -n ${port_chosen[$candidate]:-} || ${port_wanted[$candidate]:-$name} != "$name" ]]; do
    candidate=$((candidate + 1))
  done
  [[ $candidate == "$wanted" ]] || note "port $wanted is taken: $name uses $candidate"
  port[$name]=$candidate
  port_chosen[$candidate]=$name
}

# choose_all FILE NAME=DEFAULT... settles all ports of a set and remembers them. Those of a running set stay.
choose_all() {
  local file=$1 pair name taken runs
  shift
  runs=$(supervisor_pid) || true
  declare -gA port_taken=() port_wanted=()
  for taken in $(busy); do port_taken[$taken]=yes; done
  for pair in "$@"; do
    name=${pair%%=*}
    port_wanted[${port[$name]:-${pair#*=}}]=$name
  done
  for pair in "$@"; do
    name=${pair%%=*}
    [[ -n $runs && -n ${port[$name]:-} ]] || choose "$name" "${pair#*=}"
  done
  for pair in "$@"; do printf '%s=%s\n' "${pair%%=*}" "${port[${pair%%=*}]}"; done | sort >"$file"
}
