# Installs the servers from the distribution when they are not there.
# shellcheck shell=bash

# PostgreSQL's server programs are not on Debian's PATH.
postgres_bin() {
  local folder
  folder=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -1)
  [[ -n $folder ]] || folder=$(dirname "$(readlink -f "$(command -v pg_ctl || true)")")
  [[ -x $folder/initdb && -x $folder/postgres ]] && printf '%s' "$folder"
}

# Debian's wrapper in /usr/sbin refuses every user but its own; the program behind it does not.
rabbit_server() {
  local found
  found=$(find /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server 2>/dev/null | sort -V | tail -1)
  [[ -n $found ]] || found=$(command -v rabbitmq-server)
  printf '%s' "$found"
}

missing_packages() {
  [[ -n $(postgres_bin) ]] || echo postgresql
  command -v redis-server >/dev/null || echo redis-server
  [[ -n $(rabbit_server) ]] || echo rabbitmq-server
  command -v supervisord >/dev/null || echo supervisor
  command -v curl >/dev/null || echo curl
}

# install_servers brings what is missing; it costs nothing when all is there.
install_servers() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  [[ -n ${missing// /} ]] || return 0
  if ! command -v apt-get >/dev/null; then
    local advice="Install them with this system's package manager so that they are on the PATH, and run make again."
    if command -v docker >/dev/null || command -v docker-compose >/dev/null; then
      advice="Docker is here: use 'docker-compose up -d' instead."
    fi
    die "these are missing and there is no apt-get: $missing" "$advice"
  fi
  step "installing $missing(apt)"
  # shellcheck disable=SC2086 # a list of words
  apt_install $missing
  missing=$(missing_packages | tr '\n' ' ')
  [[ -z ${missing// /} ]] || die "still missing after the installation: $missing"
}

# apt_install PACKAGE... installs without starting Debian's own units on the default ports.
apt_install() {
  local sudo=() log
  log=$(mktemp)
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || die "installing $* needs root and there is no sudo." \
      "As root: apt-get install --no-install-recommends $*"
    sudo=(sudo)
    sudo true || die "sudo was refused." "As root: apt-get install --no-install-recommends $*"
  fi
  "${sudo[@]}" bash "$(dirname "${BASH_SOURCE[0]}")/apt.sh" "$@" >"$log" 2>&1 ||
    die "apt-get could not install $*" "$(tail -n 5 "$log")" "The whole log: $log"
  rm -f "$log"
  if [[ -d /run/systemd/system ]]; then
    note "Debian's own units were not started; they will be at the next boot unless you run:"
    note "  sudo systemctl disable postgresql redis-server rabbitmq-server supervisor"
  fi
}
