#!/usr/bin/env bash
# make check: everything that can be known without running the product. Prints what fails, then one closing line.
set -uo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

generated_code() { # the committed code is what the contract generates
  node_modules/.bin/buf generate --output "$work/generated" &&
    diff -r "$work/generated/packages/api/src/gen" packages/api/src/gen ||
    { echo 'packages/api/src/gen differs from the .proto files: run make generate'; return 1; }
}

breaking_changes() { # against the newest release; before the first one against the commit before
  local against
  against=$(git tag --list 'v*' --sort=-v:refname | head -1)
  if [[ -n $against ]]; then node_modules/.bin/buf breaking --against ".git#tag=$against"
  elif git cat-file -e HEAD~1:proto 2> /dev/null; then node_modules/.bin/buf breaking --against ".git#ref=$(git rev-parse HEAD~1)"
  else echo 'nothing to compare with: no release tag and no commit before'
  fi
}

names=()
run() { # name command...: in the background, with its own log
  local name=$1
  shift
  names+=("$name")
  ("$@" > "$work/$name.log" 2>&1; echo $? > "$work/$name.status") &
}

run format-and-lint node_modules/.bin/biome ci --error-on-warnings .
run types node_modules/.bin/tsc -p .
wait
run folders node scripts/house/main.ts
run dead-code node_modules/.bin/knip --no-config-hints
run proto-lint node_modules/.bin/buf lint
run proto-breaking breaking_changes
run generated-code generated_code
wait

passed=0 failed=0
for name in "${names[@]}"; do
  if [[ $(cat "$work/$name.status") == 0 ]]; then passed=$((passed + 1)); echo "ok      $name"
  else failed=$((failed + 1)); echo "FAILED  $name"; sed 's/^/        /' "$work/$name.log"
  fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
