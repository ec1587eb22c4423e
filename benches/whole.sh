#!/usr/bin/env bash
# Times whole processes over a folder of messages, one thread each, in turn: `touchmark check` and a program that only parses
# the same files (serde_json::Value for JSON, roxmltree for XML). Prints the best of N runs and the ratio.
#   benches/whole.sh FOLDER-OF-JSON-OR-XML [RUNS]
set -euo pipefail
folder=${1:?folder} runs=${2:-7}
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet --locked -p touchmark-cli -p touchmark-benches --bin touchmark --bin peer
best() {
  local least=999999999 took start
  for _ in $(seq "$runs"); do
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    took=$((($(date +%s%N) - start) / 1000))
    ((took < least)) && least=$took
  done
  echo "$least"
}
ours=$(best "$target/release/touchmark" check --format ndjson --jobs 1 "$folder")
peer=$(best "$target/release/peer" "$folder")
"$target/release/peer" "$folder"
awk -v o="$ours" -v p="$peer" 'BEGIN { printf "touchmark check %.1f ms, parsing alone %.1f ms, ratio %.2f\n", o / 1000, p / 1000, o / p }'
