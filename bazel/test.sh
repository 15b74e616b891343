#!/usr/bin/env bash
# Builds everything and runs the tests without large networks, offline, with Bazel 4.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v bazel-bootstrap >/dev/null && ! command -v bazel >/dev/null; then
  echo "error: needs Bazel: apt-get install bazel-bootstrap" >&2
  exit 1
fi
bazel=$(command -v bazel-bootstrap || command -v bazel)
options=(--host_javabase=@local_jdk//:jdk)
for shim in bazel/shims/*/; do
  options+=("--override_repository=$(basename "$shim")=$PWD/${shim%/}")
done
"$bazel" build "${options[@]}" //...
"$bazel" test "${options[@]}" --test_output=errors --local_test_jobs=2 \
  --test_env=PATH="$PWD/.venv/bin:$PATH" --spawn_strategy=local //...
