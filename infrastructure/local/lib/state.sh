# Where state lives and who owns it.
#
# Everything is below .local in the checkout. PostgreSQL refuses to run as root, and a checkout below
# root's home is closed to everyone else; so for root .local is a link to /var/lib/marketplace/<hash of
# the checkout's path> and the processes run as `postgres`.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
checkout=$(printf '%s' "$root" | sha256sum | cut -c1-12)
link=$root/.local
# The real path of .local: processes of another user cannot follow the link through a closed checkout.
state=$link
owner=$(id -un)
[[ $(id -u) != 0 ]] || state=/var/lib/marketplace/$checkout

# state_open makes the state's folder, after the servers are installed (they bring the user `postgres`).
state_open() {
  if [[ $(id -u) == 0 ]]; then
    owner=postgres
    getent passwd "$owner" >/dev/null || owner=nobody
    if [[ -d $link && ! -L $link ]]; then
      die "$link is a folder, for root it must be a link to $state." \
        "It was made by an ordinary user: run make as that user, or remove it."
    fi
    install -d -m 755 /var/lib/marketplace "$state"
    ln -sfn "$state" "$link"
  elif [[ -L $link ]]; then
    die "$link was made by root." "Run make as root, or 'make clean' as root first."
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
