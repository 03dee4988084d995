# One supervisord per set of processes (the marketplace, the test servers); it restarts what dies.
# shellcheck shell=bash

# set_open NAME FOLDER selects the set that the functions below act on.
set_open() {
  set_name=$1
  set_dir=$2
  folder "$set_dir" "$set_dir/conf" "$set_dir/data" "$set_dir/log" "$set_dir/run"
  set_socket
}

# A UNIX socket's path has room for 107 bytes: a deep checkout gets a short folder instead.
set_socket() {
  socket=$set_dir/run/supervisor.sock
  ((${#socket} > 85)) || return 0
  folder "$(socket_folder)"
  chmod 700 "$(socket_folder)"
  socket=$(socket_folder)/$set_name.sock
}

socket_folder() { echo "/tmp/marketplace-$(id -u)-$checkout"; }

supervisor_pid() {
  local pid
  pid=$(cat "$set_dir/run/supervisord.pid" 2>/dev/null) || return 1
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *"$set_dir/supervisord.conf"* ]] && printf '%s' "$pid"
}

supervisor_config() {
  cat >"$set_dir/supervisord.conf" <<EOF
[supervisord]
identifier=$set_name
logfile=$set_dir/log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=$set_dir/run/supervisord.pid
childlogdir=$set_dir/log

[unix_http_server]
file=$socket
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://$socket

[include]
files=$set_dir/conf/*.conf
EOF
}

# program NAME COMMAND, more settings on standard input: writes one supervised program.
program() {
  local name=$1 command=$2 settings
  settings=$(cat)
  private "$set_dir/conf/$name.conf" <<EOF
[program:$name]
command=$(tied "$settings")$command
directory=$set_dir
autorestart=true
startsecs=1
startretries=30
stopwaitsecs=40
redirect_stderr=true
stdout_logfile=$set_dir/log/$name.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
$settings
EOF
}

# tied prints what makes a program end with its supervisord, by the signal that stops it: when supervisord is killed, what it
# leaves behind would hold ports and data, and nobody could stop it.
tied() {
  local signal
  signal=$(sed -n 's/^stopsignal=//p' <<<"$1")
  setpriv --pdeathsig "${signal:-TERM}" true 2>/dev/null && printf 'setpriv --pdeathsig %s ' "${signal:-TERM}"
}

# supervisor_up starts the set's supervisord, or brings a running one to the configuration as written.
supervisor_up() {
  if [[ -n $(supervisor_pid) ]]; then
    control update >/dev/null || die "supervisord of $set_name does not answer." "See $set_dir/log/supervisord.log"
    return
  fi
  supervisor_config
  as_owner supervisord -c "$set_dir/supervisord.conf" 9>&- ||
    die "supervisord did not start." "See $set_dir/log/supervisord.log"
}

# control ACTION... talks to the set's supervisord.
control() { as_owner supervisorctl -c "$set_dir/supervisord.conf" "$@" 9>&-; }

# supervisor_down stops every process of the set and waits until all are gone.
supervisor_down() {
  local pid
  pid=$(supervisor_pid) || return 0
  control shutdown >/dev/null || die "supervisord of $set_name does not answer." "Its process id is $pid."
  wait_until 90 "$set_name to stop" gone "$pid"
}

gone() { [[ ! -d /proc/$1 ]]; }

# wait_until SECONDS WHAT COMMAND... polls until the command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "waited too long for $what." "$(control status 2>&1)" "The logs: $set_dir/log"
    sleep 0.1
  done
}
