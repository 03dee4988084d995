# Where state lives and who owns it.
#
# Everything is below .local in the checkout. PostgreSQL refuses to run as root, and a checkout below
# root's home is closed to everyone else; so for root .local is a link to /var/lib/marketplace/<hash of
# the checkout's path> and the processes run as `postgres`. A checkout whose path has a blank or another
# character that servers' settings cannot hold gets such a link too, into the user's own folder for state.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
checkout=$(printf '%s' "$root" | sha256sum | cut -c1-12)
link=$root/.local
# The real path of .local: processes of another user cannot follow the link through a closed checkout.
state=$link
owner=$(id -un)
states=${XDG_STATE_HOME:-${HOME:-}/.local/state}/marketplace
[[ $(id -u) != 0 ]] || states=/var/lib/marketplace
if [[ $(id -u) == 0 || $root == *[!A-Za-z0-9/._+@-]* ]]; then state=$states/$checkout; fi

# state_mine ends the program when .local belongs to somebody else's marketplace.
state_mine() {
  local target
  target=$(readlink "$link") || true
  if [[ $state == "$link" && -n $target ]]; then
    die "$link is a link to $target: root made it." "Run make as root, or 'make clean' as root first."
  elif [[ $state != "$link" && -e $link && $target != "$states"/* ]]; then
    die "$link is not yours: your marketplace's would be a link to $state." \
      "Run make as the user who made it, or 'make clean' as that user first."
  fi
}

# state_open makes the state's folder, after the servers are installed (they bring the user `postgres`).
state_open() {
  state_mine
  if [[ $(id -u) == 0 ]]; then
    owner=postgres
    getent passwd "$owner" >/dev/null || owner=nobody
  fi
  if [[ $state != "$link" ]]; then
    install -d -m 755 "$states" "$state"
    ln -sfn "$state" "$link"
  fi
  folder "$state" "$state/bin" "$state/home"
  chmod 700 "$state"
  touch "$state/.lock"
}

# folder PATH... makes folders that belong to the processes' user.
folder() {
  local path
  for path in "$@"; do
    [[ -d $path ]] || mkdir -p "$path"
    [[ $(id -u) != 0 ]] || chown "$owner" "$path"
  done
}

# as_owner COMMAND... runs a command as the user that owns the servers.
as_owner() (
  cd "$state" || exit
  export HOME=$state/home
  if [[ $(id -un) == "$owner" ]]; then exec "$@"; fi
  exec runuser -u "$owner" -- "$@"
)

# private FILE writes standard input to a file that only the processes' user (and root) can read.
private() {
  local temporary
  temporary=$(mktemp "$1.XXXXXX")
  cat >"$temporary"
  chmod 600 "$temporary"
  [[ $(id -u) != 0 ]] || chown "$owner" "$temporary"
  mv "$temporary" "$1"
}

# locked runs the rest of this process alone in this checkout: two `make run` at once would share ports.
locked() {
  exec 9>"$state/.lock"
  if ! flock -n 9; then
    step "waiting for another make in this checkout"
    flock -w 600 9 || die "another make has held $state/.lock for ten minutes." "See who: fuser -v $state/.lock"
  fi
}

# random prints a secret of 32 bytes in hexadecimal.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
