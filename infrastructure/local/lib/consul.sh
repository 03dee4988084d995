# Consul comes from its Go module, because Debian has no package of it. The first build takes minutes.
# shellcheck shell=bash

# consul_binary prints the Consul that the processes run: ours, or one on the PATH that their user may run.
consul_binary() {
  local found=$state/bin/consul other
  if [[ ! -x $found ]] && other=$(command -v consul) && as_owner test -x "$other"; then found=$other; fi
  printf '%s' "$found"
}

# consul_build starts the build in the background unless a binary is there or a build runs.
consul_build() {
  [[ $(consul_binary) == "$state/bin/consul" && ! -x $state/bin/consul ]] || return 0
  folder "$state/log"
  note "Consul is compiled in the background (minutes, once): nothing waits for it"
  (
    exec 8>>"$state/.consul-build" 9>&-
    flock -n 8 || exit 0
    exec setsid bash -c "$consul_build_script" "$state/.consul-build" "$root/infrastructure/tools/consul" "$state/bin"
  ) </dev/null >"$state/log/consul-build.log" 2>&1 &
}

# Where the kernel shares the processors between sessions first (autogroup), niceness counts only inside one: the build's whole
# session is made nice. Consul idles here, so the compiler leaves out what takes it a third of its time and more:
# optimising and DWARF.
# shellcheck disable=SC2016 # expanded by the inner shell
consul_build_script='
echo $$ >"$0"
renice -n 19 $$ >/dev/null; { echo 19 >/proc/self/autogroup; } 2>/dev/null
cd "$1" && GOWORK=off go build -trimpath -gcflags=all="-N -l -dwarf=false" -o "$2/consul.new" github.com/hashicorp/consul &&
  mv "$2/consul.new" "$2/consul" && echo "built $2/consul"'

# consul_build_stop ends a build that runs: its lock is held, and names the session.
consul_build_stop() {
  [[ -s $state/.consul-build ]] || return 0
  flock -n "$state/.consul-build" true || kill -- "-$(<"$state/.consul-build")" 2>/dev/null || true
}
