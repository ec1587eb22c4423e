#!/usr/bin/env bash
# Times `touchmark check` with a made-up SNOMED CT release: without one, the first run with it, which makes the index, and later
# ones, which map it. Prints wall time, greatest resident memory, and the size of the index.
#   benches/snomed.sh [CONCEPTS] [PROGRAM]
set -euo pipefail
count=${1:-700000}
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet --locked -p touchmark-cli -p touchmark-benches --bin touchmark --bin release
program=${2:-$target/release/touchmark}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$target/release/release" "$folder/release" "$count"
cat >"$folder/message.json" <<'J'
{"resourceType": "Condition", "clinicalStatus": "active", "verificationStatus": "confirmed", "subject": {"display": "a test"},
 "code": {"coding": [{"system": "http://snomed.info/sct", "code": "22298006"}]}}
J
export XDG_CACHE_HOME=$folder/cache
run() {
  local name=$1 start memory
  shift
  start=$(date +%s%N)
  memory=$(/usr/bin/time -q -f '%M' "$program" check "$folder/message.json" "$@" 2>&1 >/dev/null | tail -1 || true)
  echo "$name: $((($(date +%s%N) - start) / 1000000)) ms, $((memory / 1024)) MiB"
}
du -sh "$folder/release" | awk '{ print "a release of " $1 }'
run "without it"
run "first run" --terminology "$folder/release"
for _ in 1 2 3; do run "later run" --terminology "$folder/release"; done
ls -l "$XDG_CACHE_HOME/touchmark" 2>/dev/null | awk '/index/ { printf "the index has %.0f MB\n", $5 / 1e6 }'
