# A hearthd of one's own for a script: private data, a port the system chooses, gone at the end. Sourced after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# start_instance [OPTION …]: sets `url` and `instance_data`.
start_instance() {
  instance_data=$(mktemp -d)
  trap stop_instance EXIT
  local bin=$root/build/release/bin
  "$bin/hearthd" --data "$instance_data" --listen 127.0.0.1:0 "$@" 2>"$instance_data/log" </dev/null &
  instance_pid=$!
  local deadline=$((SECONDS + 60))
  until "$bin/hearth" --data "$instance_data" status --json 2>/dev/null | grep -Eq '"ready" *: *true'; do
    if ! kill -0 "$instance_pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 20 "$instance_data/log" >&2
      die "hearthd did not get ready; its log is above"
    fi
    sleep 0.1
  done
  url=$("$bin/hearth" --data "$instance_data" status --json | grep -oE '"url" *: *"[^"]*"' | head -n 1 | sed 's/.*: *"//; s/"$//')
}

stop_instance() {
  kill "$instance_pid" 2>/dev/null || true
  wait "$instance_pid" 2>/dev/null || true
  rm -rf "$instance_data"
}
