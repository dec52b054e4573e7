# Shared by the scripts in tools/: where things are, and how to say what is wrong. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
plain_say() { printf '== %s\n' "$*"; }
[ -t 1 ] || say() { plain_say "$@"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "'$*' needs root: run this as root, or install sudo"
  fi
}

# Runs a command as the checkout's owner, so that `sudo make …` leaves no files behind that only root can change.
as_owner() {
  local owner
  owner=$(stat -c %U .)
  if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" USER="$owner" "$@"
  else
    "$@"
  fi
}

# configure PRESET [CMAKE ARGUMENT …]: what CMake says is shown only when it fails.
configure() {
  local preset=$1 log
  shift
  # Instrumented builds have no programs inside packs (cmake/pack_program.cmake).
  [[ $preset != release && $preset != debug ]] || tools/engine-sdk
  log=$(mktemp)
  if ! as_owner cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "CMake could not configure the '$preset' build; the reason is above (try tools/setup, then again)"
  fi
  rm -f "$log"
}

build() {
  local preset=$1
  shift
  as_owner cmake --build "build/$preset" -- "$@" || die "the '$preset' build failed; the first error is above"
}
