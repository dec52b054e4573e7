# How hearthd is started and found on this machine, with systemd and without. Sourced after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

has_systemd() { [ -d /run/systemd/system ]; }

if has_systemd; then
  bin=/usr/local/bin
  unit=/usr/local/lib/systemd/system/hearth.service
else
  bin=$root/build/release/bin
  # The same places as core/paths: root has the system's, others their own.
  if [ "$(id -u)" = 0 ]; then
    state=${HEARTH_DATA:-/var/lib/hearth}
  else
    state=${HEARTH_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/hearth}
  fi
  pid_file=$state/hearthd.pid
  log_file=$state/hearthd.log
fi

# With systemd the daemon is a user of its own, and only root and that user may open its sockets.
tool() {
  if has_systemd; then
    as_root "$bin/hearth" "$@"
  else
    "$bin/hearth" "$@"
  fi
}

# The process that `make up` started here without systemd: prints its id, fails if it is gone.
running_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  # The number may belong to another program by now.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = hearthd ] || return 1
  echo "$pid"
}

is_running() {
  if has_systemd; then
    systemctl is-active --quiet hearth.service
  else
    running_pid >/dev/null
  fi
}

is_ready() { tool status --json 2>/dev/null | grep -Eq '"ready" *: *true'; }

show_log() {
  if has_systemd; then
    as_root journalctl -u hearth.service -n "${1:-30}" --no-pager >&2 || true
  else
    tail -n "${1:-30}" "$log_file" >&2 || true
  fi
}

# The TCP ports of the configuration in force, one a line.
configured_ports() {
  "$bin/hearth" config show 2>/dev/null | sed -n 's/^server\.listen: //p' | grep -oE ':[0-9]+"' | tr -d ':"' | grep -vx 0 || true
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The program that listens on a port, as far as this user may know.
who_has_port() {
  command -v ss >/dev/null || return 0
  ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ by \1 (process \2)/p' | head -n 1
}
