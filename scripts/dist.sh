#!/usr/bin/env bash
# Builds bin/dist, or another folder, of a version: for each system an archive with a static
# binary, the manual and completions; Debian packages; SHA256SUMS. The same commit and Go release
# give the same bytes. `make dist` calls it, after building what no system differs in.
#
#     scripts/dist.sh VERSION [FOLDER [SYSTEM...]]
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
version=$1
dist=${2:-bin/dist}
systems=("${@:3}")
[ ${#systems[@]} -gt 0 ] || systems=({linux,darwin,windows}-{amd64,arm64})
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)} TZ=UTC LC_ALL=C

build() { # OS ARCH FILE
	GOOS=$1 GOARCH=$2 CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.release=v$version" -o "$3" ./cmd/qtgpu
}

# The licences of what a binary holds besides, which ask to go with it.
licences() { # BINARY
	printf 'qtgpu is under the Apache License 2.0. Its binaries hold what follows.\n\n== Go\n\n'
	cat "$(go env GOROOT)/LICENSE"
	local module
	go version -m "$1" | awk '$1 == "dep" { print $2 }' | while read -r module; do
		printf '\n== %s\n\n' "$module"
		cat "$(go list -m -f '{{.Dir}}' "$module")"/LICENSE*
	done
}

dated() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

archive() { # SYSTEM
	local name=qtgpu-$version-$1 os=${1%-*} exe=
	[ "$os" = windows ] && exe=.exe
	local root=$dist/work/$name
	mkdir -p "$root"
	build "$os" "${1#*-}" "$root/qtgpu$exe"
	licences "$root/qtgpu$exe" >"$root/LICENSES.txt"
	cp -r README.md CHANGELOG.md LICENSE docs/JSON.md bin/share/man bin/share/completions "$root"
	dated "$root"
	if [ "$os" = windows ]; then
		(cd "$dist/work" && find "$name" -type f | sort | zip -q -X -9 "../$name.zip" -@)
	else
		tar -C "$dist/work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -c "$name" | gzip -n9 >"$dist/$name.tar.gz"
	fi
}

package() { # ARCH, after its archive
	local root=$dist/work/deb-$1 from=$dist/work/qtgpu-$version-linux-$1
	make --no-print-directory -s install DESTDIR="$root" PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions PROGRAM="$from/qtgpu" VERSION="$version"
	gzip -n9 "$root"/usr/share/man/man1/*.1
	local doc=$root/usr/share/doc/qtgpu
	cp packaging/copyright "$from/LICENSES.txt" "$doc"
	rm "$doc/LICENSE"
	printf '%s\n' "qtgpu ($version) unstable; urgency=low" "" "  * See CHANGELOG.md." "" \
		" -- $(sed -n 's/^Maintainer: //p' packaging/control.in)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -n9 >"$doc/changelog.gz"
	mkdir "$root/DEBIAN"
	sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$1/; s/@SIZE@/$(du -k -s --apparent-size "$root/usr" | cut -f1)/" packaging/control.in >"$root/DEBIAN/control"
	(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
	dated "$root"
	dpkg-deb --root-owner-group -Zxz --build "$root" "$dist/qtgpu_${version}_$1.deb" >/dev/null
}

rm -rf "$dist"
mkdir -p "$dist"
for system in "${systems[@]}"; do
	archive "$system"
	if [ "${system%-*}" = linux ] && command -v dpkg-deb >/dev/null; then
		package "${system#*-}"
	fi
done
rm -rf "$dist/work"
(cd "$dist" && sha256sum -- * >SHA256SUMS)
