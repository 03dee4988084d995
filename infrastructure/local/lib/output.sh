# What the person at the terminal reads: one line per step, and errors that say what to do.
# shellcheck shell=bash

started_at=$SECONDS

# step TEXT prints a line of progress with the seconds since the start.
step() { printf '%4ss  %s\n' "$((SECONDS - started_at))" "$*"; }

# note TEXT prints a line that belongs to the step before.
note() { printf '       %s\n' "$*"; }

# die TEXT... prints what is wrong and what to do about it, and ends.
die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  printf '%s\n' "$@" | sed '/^$/d; s/^/       /' >&2
  exit 1
}
