#!/usr/bin/env bash
# Checks the GPU of a machine and what it is worth, in under eight minutes, without a network.
#
#   scripts/gpu-check.sh build DIR     with Go and EGL's headers: all that the check needs
#   DIR/gpu-check.sh [IMAGE]           on any machine with the same libc or a later one
#
# IMAGE is what the bench encodes; by default 16 megapixels of noise. Exit status 0
# means that every integer and every file was the same as on the CPU. QTGPU_CHECK_IMAGES is the number
# of random images, 3000 where it is not set: a software renderer on two cores takes 300.
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

image=${1:+$(realpath "$1")}
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if [ -z "$image" ]; then
	image=$tmp/noise.ppm
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

images=${QTGPU_CHECK_IMAGES:-3000}
say "identity: integers of all stages on 2 × $images images, files of $((images / 3)); encodes and contexts leak nothing"
run ./gpu.test -test.v -test.run 'Backend|Reducer|RandomImages|Coder|Again|Leak' -images "$images" -leak "$((images / 3))" -test.timeout 5m |
	grep -E '^(\$|---|PASS|FAIL)|times:|_test.go' || exit 1
run ./gpu.test -test.v -test.run 'Identical' -images "$((images / 3))" -test.timeout 5m | grep -E '^(\$|---|PASS|FAIL)|_test.go' || exit 1
run ./qtgpu -i "$image" -o "$tmp/both.qtg" -t 10 --backend both

say "stages, with planes read back and without, and a plain copy of 64 MiB in both directions"
run ./gpu.test -test.run '^$' -test.bench 'Prepare|Copy' -test.benchtime 5x
export QTGPU_BENCH_IMAGE=$image
run ./gpu.test -test.run '^$' -test.bench Coder -test.benchtime 1x
say "the same without vector kernels on the CPU"
GODEBUG=cpu.avx2=off run ./gpu.test -test.run '^$' -test.bench Coder -test.benchtime 1x

say "bench: one image, and eight in a row"
run ./qtgpu bench -i "$image" --runs 3
run ./qtgpu bench -i "$image" --runs 1 --in-a-row 8

if command -v cjpeg >/dev/null; then
	say "cjpeg on one core"
	./qtgpu -i "$image" -o "$tmp/lossless.qtg" -t 0 >/dev/null
	./qtgpu -i "$tmp/lossless.qtg" -o "$tmp/image.ppm" >/dev/null
	for flags in "" "-optimize"; do
		printf '$ cjpeg %s image.ppm, eight in a row: ' "$flags"
		# shellcheck disable=SC2086 # no flags are none
		TIMEFORMAT='%R s' && time for _ in 1 2 3 4 5 6 7 8; do cjpeg $flags "$tmp/image.ppm" >"$tmp/image.jpg"; done
	done
else
	echo "no cjpeg to compare with"
fi
