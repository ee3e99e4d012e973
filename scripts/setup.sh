#!/usr/bin/env bash
# All the set-up that `npm run demo` and `npm test` need, on a fresh clone: system packages, npm packages, build.
# Does nothing that is already done.
set -euo pipefail
cd "$(dirname "$0")/.."

need_node='20.19.0'
if ! node -e "
  const [a, b] = process.versions.node.split('.').map(Number);
  process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)"; then
  echo "Heddle needs Node $need_node or later; this is $(node --version)." >&2
  exit 1
fi

# openssl is the tests' second opinion on certificates and PKCS#12; without it those tests are skipped by name.
if ! command -v openssl >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo 'Installing openssl …'
    (apt-get update -qq && apt-get install -y -qq openssl) >/dev/null 2>&1 || echo 'openssl could not be installed.' >&2
  fi
fi

# Python's gRPC is the tests' other language; without it those tests are skipped by name.
python_grpc() { "$1" -c 'import grpc, google.protobuf' >/dev/null 2>&1; }
if [ "${1:-}" = tests ] && ! python_grpc python3 && ! python_grpc /usr/bin/python3; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo 'Installing python3-grpcio …'
    (apt-get update -qq && apt-get install -y -qq python3-grpcio python3-protobuf) >/dev/null 2>&1 ||
      echo 'python3-grpcio could not be installed.' >&2
  fi
fi

stamp=node_modules/.heddle-setup
wanted=$(cat package.json package-lock.json packages/*/package.json examples/*/package.json | cksum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  echo 'Installing packages …'
  npm ci --no-audit --no-fund --loglevel=error
  echo "$wanted" > "$stamp"
fi

# The other Nodes are for the tests alone, and there are binaries for linux-x64 only.
if [ "${1:-}" = tests ] && [ "$(uname -sm)" = 'Linux x86_64' ] && [ ! -x test/nodes/node_modules/node24/bin/node ]; then
  echo 'Installing the other Nodes that the tests run on …'
  npm ci --prefix test/nodes --no-audit --no-fund --loglevel=error || echo 'They could not be installed.' >&2
fi

echo 'Building …'
node node_modules/typescript/bin/tsc -b
