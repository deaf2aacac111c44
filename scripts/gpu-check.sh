#!/usr/bin/env bash
# Checks the GPU of a machine and what it is worth, in under five minutes.
#
#   scripts/gpu-check.sh build DIR     with Go and EGL's headers: all that the check needs
#   DIR/gpu-check.sh [IMAGE]           on any machine with the same libc or a later one
#
# IMAGE is what the bench encodes; by default 16 megapixels of noise. Exit status 0
# means that every integer and every file was the same as on the CPU.
set -euo pipefail

say() { printf '\n== %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

if [ "${1:-}" = build ]; then
	root=$(cd "$(dirname "$0")/.." && pwd)
	mkdir -p "$2"
	dir=$(cd "$2" && pwd)
	cd "$root"
	go build -trimpath -tags gpu,egl -o "$dir/qtgpu" ./cmd/qtgpu
	go test -trimpath -tags gpu,egl -c -o "$dir/gpu.test" ./gpu
	cp scripts/gpu-check.sh "$dir/"
	exit
fi

cd "$(dirname "$0")"
image=${1:-}
if [ -z "$image" ]; then
	image=$(mktemp --suffix .ppm)
	trap 'rm -f "$image"' EXIT
	printf 'P6 4878 3322 255\n' >"$image"
	head -c $((4878 * 3322 * 3)) /dev/urandom >>"$image"
fi
export QTGPU_REQUIRE_GPU=1

say "machine, $(date -u +%F)"
uname -srm
grep -m1 'model name' /proc/cpuinfo || true
echo "$(nproc) CPUs"
if command -v nvidia-smi >/dev/null; then
	nvidia-smi --query-gpu=name,driver_version,pcie.link.gen.current,pcie.link.width.current --format=csv || true
fi

say devices
run ./qtgpu devices
./qtgpu devices | grep -q '(hardware)' || echo "NO HARDWARE GPU: everything below runs on a software renderer"

say "identity: integers on 2 × 3000 images, files of 1000; 1000 encodes and 50 contexts leak nothing"
run ./gpu.test -test.v -test.run 'Backend|Reducer|RandomImages|Leak' -images 3000 -leak 1000 -test.timeout 5m |
	grep -E '^(\$|---|PASS|FAIL)|times:|_test.go' || exit 1
run ./gpu.test -test.v -test.run 'Identical' -images 1000 -test.timeout 5m | grep -E '^(\$|---|PASS|FAIL)|_test.go' || exit 1

say "stages, and a plain copy of 64 MiB in both directions"
run ./gpu.test -test.run '^$' -test.bench 'Prepare|Copy' -test.benchtime 10x

say bench
run ./qtgpu bench -i "$image" --runs 7
