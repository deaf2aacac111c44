#!/usr/bin/env bash
# Holds bin/dist against what it is to be: checksums; static Linux binaries that run and make the
# same file; packages that install and have what they should; and the same bytes when it is built
# again. Needs qemu-user for what is not of this machine. `make check-dist` calls it.
#
#     scripts/checkdist.sh VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1
dist=$PWD/bin/dist
photo=$PWD/testdata/images/dandelion.png
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "check-dist: $*" >&2
	exit 1
}

run() { # ARCH PROGRAM ARGUMENT...
	if [ "$1" = "$(go env GOHOSTARCH)" ]; then
		"${@:2}"
	elif [ "$1" = arm64 ]; then
		qemu-aarch64 "${@:2}"
	else
		qemu-x86_64 "${@:2}"
	fi
}

# A binary says its version, encodes and decodes.
try() { # ARCH PROGRAM
	readelf -l "$2" | grep -q INTERP && fail "$2 is not static"
	run "$1" "$2" --version | grep -q "^qtgpu v$version, format " || fail "$2 is not of version $version: $(run "$1" "$2" --version)"
	run "$1" "$2" -i "$photo" -t 10 -q -f -o "$tmp/$1.qtg"
	run "$1" "$2" -i "$tmp/$1.qtg" -f -o "$tmp/$1.ppm"
}

# What dpkg knows of a package once it is installed, in a root of its own.
installs() { # ARCH
	local root=$tmp/root-$1 deb=$dist/qtgpu_${version}_$1.deb
	mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers}
	touch "$root/var/lib/dpkg/status"
	dpkg --root="$root" --force-architecture --force-script-chrootless -i "$deb" >"$tmp/log" 2>&1 || fail "$deb: $(cat "$tmp/log")"
	dpkg --root="$root" --verify qtgpu | grep . && fail "$deb: files differ from its checksums"
	[ "$(dpkg-query --root="$root" -W -f '${Version} ${Status}' qtgpu)" = "$version install ok installed" ] || fail "$deb is not installed"
	local file
	for file in bin/qtgpu share/man/man1/qtgpu.1.gz share/man/man1/qtgpu-info.1.gz share/bash-completion/completions/qtgpu \
		share/zsh/vendor-completions/_qtgpu share/fish/vendor_completions.d/qtgpu.fish share/mime/packages/qtgpu.xml \
		share/thumbnailers/qtgpu.thumbnailer share/doc/qtgpu/copyright share/doc/qtgpu/changelog.gz share/doc/qtgpu/LICENSES.txt share/doc/qtgpu/README.md; do
		[ -s "$root/usr/$file" ] || fail "$deb has no usr/$file"
	done
	dpkg-deb -c "$deb" | awk '$2 != "root/root" || $1 !~ /^(drwxr-xr-x|-rw-r--r--)$/ && !/usr\/bin\/qtgpu$/ { bad = 1; print } END { exit bad }' || fail "$deb: owners or modes"
	try "$1" "$root/usr/bin/qtgpu"
}

(cd "$dist" && sha256sum --quiet -c SHA256SUMS)
[ "$(wc -l <"$dist/SHA256SUMS")" = 8 ] || fail "expected 6 archives and 2 packages: $(ls "$dist")"
for arch in amd64 arm64; do
	tar -C "$tmp" -xzf "$dist/qtgpu-$version-linux-$arch.tar.gz"
	try $arch "$tmp/qtgpu-$version-linux-$arch/qtgpu"
	installs $arch
done
cmp "$tmp/amd64.qtg" "$tmp/arm64.qtg"
cmp "$tmp/amd64.ppm" "$tmp/arm64.ppm"

make --no-print-directory -s install uninstall DESTDIR="$tmp/nowhere"
[ -z "$(find "$tmp/nowhere" -type f)" ] || fail "uninstall leaves $(find "$tmp/nowhere" -type f)"

scripts/dist.sh "$version" "$tmp/again" linux-amd64 windows-amd64
(cd "$tmp/again" && grep -E 'linux-amd64|windows-amd64|_amd64' "$dist/SHA256SUMS" | sha256sum --quiet -c -) || fail "built again, the bytes differ"
echo "check-dist: $(ls "$dist" | wc -l) files of version $version hold"
