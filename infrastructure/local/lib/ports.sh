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

# listening prints every TCP port on which something listens here (from the kernel, no tool needed).
listening() {
  local line hex
  while read -r line; do
    hex=${line##*:}
    printf '%d\n' "$((16#$hex))"
  done < <(awk '$4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# choose NAME DEFAULT settles a port whose program does not run now.
choose() {
  local name=$1 wanted=${port[$1]:-$2} candidate
  candidate=$wanted
  while [[ -n ${port_taken[$candidate]:-} || -n ${port_chosen[$candidate]:-} ]]; do
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
  declare -gA port_taken=()
  for taken in $(listening); do port_taken[$taken]=yes; done
  for pair in "$@"; do
    name=${pair%%=*}
    [[ -n $runs && -n ${port[$name]:-} ]] || choose "$name" "${pair#*=}"
  done
  for pair in "$@"; do printf '%s=%s\n' "${pair%%=*}" "${port[${pair%%=*}]}"; done | sort >"$file"
}
