.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help build demo report test race fuzz lint bench bench-peers vectors tables install uninstall dist check-dist

PREFIX ?= /usr/local
# Where zsh looks; Debian's packages put it into vendor-completions.
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
PROGRAM ?= bin/qtgpu
# Of a release, as 1.2.3; else the day and the hash of the commit.
VERSION ?= $(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null | sed s/^v// | grep . || \
	git log -1 --date=format:%Y%m%d --format=0.0.0+git%cd.%h 2>/dev/null || echo 0.0.0)
FUZZTIME ?= 20000x
QTGPU_CORPUS ?= ../shared/corpus
PEERS_PHOTO ?= $(QTGPU_CORPUS)/big/big.tif
GPU_TAGS := gpu,egl
PHOTO := testdata/images/dandelion.png

# All that staticcheck has, but for package comments (ST1000) and one receiver name for a
# type (ST1016), and for errors that begin with a section of the format (ST1005).
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks all,-ST1000,-ST1005,-ST1016

# Prints what is missing for a build with GPU support, nothing where all is there.
# Without it the CPU does the work, with the same results.
gpu_missing = if [ "$$(go env CGO_ENABLED)" != 1 ]; then echo "cgo is off"; \
	elif ! pkg-config --exists egl 2>/dev/null; then echo "no EGL headers (pkg-config egl)"; \
	elif ! go build -tags $(GPU_TAGS) ./gpu >/dev/null 2>&1; then echo "package gpu does not build with -tags $(GPU_TAGS)"; fi

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/qtgpu, with GPU support where this machine can
	@missing=$$($(gpu_missing)); tags=$(GPU_TAGS); \
	if [ -n "$$missing" ]; then tags=; echo "GPU support left out: $$missing"; fi; \
	go build -trimpath -tags "$$tags" -o bin/qtgpu ./cmd/qtgpu

bin/qtgpu: $(shell find . -name '*.go' -o -name '*.s' -o -name go.mod)
	@$(MAKE) --no-print-directory build
	@touch $@

.PHONY: bin/share # its pages name VERSION
bin/share: bin/qtgpu
	rm -rf $@ && mkdir -p $@/man $@/completions
	bin/qtgpu man $@/man --version "$(VERSION)"
	for shell in bash zsh fish powershell; do bin/qtgpu completion $$shell > $@/completions/qtgpu.$$shell; done

INSTALL := install -m 644
SHARE = $(DESTDIR)$(PREFIX)/share
install: bin/share ## install the command, its manual, completions, media type and thumbnailer under PREFIX, /usr/local by default
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(DESTDIR)$(ZSHDIR) \
		$(SHARE)/fish/vendor_completions.d $(SHARE)/mime/packages $(SHARE)/thumbnailers $(SHARE)/doc/qtgpu
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/qtgpu
	$(INSTALL) bin/share/man/*.1 $(SHARE)/man/man1
	$(INSTALL) bin/share/completions/qtgpu.bash $(SHARE)/bash-completion/completions/qtgpu
	$(INSTALL) bin/share/completions/qtgpu.zsh $(DESTDIR)$(ZSHDIR)/_qtgpu
	$(INSTALL) bin/share/completions/qtgpu.fish $(SHARE)/fish/vendor_completions.d
	$(INSTALL) packaging/qtgpu.xml $(SHARE)/mime/packages
	$(INSTALL) packaging/qtgpu.thumbnailer $(SHARE)/thumbnailers
	$(INSTALL) README.md CHANGELOG.md LICENSE docs/JSON.md docs/FORMAT.md $(SHARE)/doc/qtgpu
	$(refresh)

uninstall: ## remove what install put under PREFIX
	rm -f $(DESTDIR)$(PREFIX)/bin/qtgpu $(SHARE)/man/man1/qtgpu.1 $(SHARE)/man/man1/qtgpu-*.1 \
		$(SHARE)/bash-completion/completions/qtgpu $(DESTDIR)$(ZSHDIR)/_qtgpu $(SHARE)/fish/vendor_completions.d/qtgpu.fish \
		$(SHARE)/mime/packages/qtgpu.xml $(SHARE)/thumbnailers/qtgpu.thumbnailer
	rm -rf $(SHARE)/doc/qtgpu
	$(refresh)

# The system's list of media types, where it has one and files are not for a package.
refresh = @if [ -z "$(DESTDIR)" ] && command -v update-mime-database >/dev/null; then update-mime-database $(PREFIX)/share/mime; fi

dist: bin/share ## build bin/dist: static binaries of all systems, Debian packages and their checksums
	scripts/dist.sh "$(VERSION)"

check-dist: dist ## start the Linux binaries of bin/dist, install its packages into a folder, and build it once more; needs qemu-user
	scripts/checkdist.sh "$(VERSION)"

demo: build ## encode a photo at t = 10, decode it and draw its tree into bin/demo
	@mkdir -p bin/demo
	bin/qtgpu -i $(PHOTO) -t 10 -o bin/demo/photo.qtg -f --verify
	bin/qtgpu -i bin/demo/photo.qtg -o bin/demo/photo.png -f
	bin/qtgpu info bin/demo/photo.qtg
	bin/qtgpu tree bin/demo/photo.qtg -o bin/demo/tree.png -f

report: build ## hold the demo photo against the codecs that are installed here, into bin/demo/compare.html
	@mkdir -p bin/demo
	bin/qtgpu compare -i $(PHOTO) -t 5,10,20,0 --report bin/demo/compare.html -f

test: ## run all tests
	go test -timeout 30m ./...

race: ## run all tests, the long ones short (internal/shorttest), under the race detector; needs cgo
	CGO_ENABLED=1 go test -race -short -timeout 30m ./...

fuzz: ## run every fuzz target for FUZZTIME, 20000x by default
	@go test -list '^Fuzz' ./... | awk '/^Fuzz/ { f[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, f[i]; n = 0 }' | \
	while read -r pkg name; do go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$pkg" || exit 1; done

lint: ## check the format, vet every build, run staticcheck; the GPU code too where this machine can
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	CGO_ENABLED=0 go vet ./...
	CGO_ENABLED=0 go vet -tags purego ./...
	CGO_ENABLED=0 GOARCH=386 go vet ./...
	CGO_ENABLED=0 GOARCH=arm64 go vet ./...
	@builds=$$'cpu: CGO_ENABLED=0\npurego: CGO_ENABLED=0 -tags=purego\n'; packages=./...; missing=$$($(gpu_missing)); \
	if [ -n "$$missing" ]; then echo "GPU code not checked: $$missing"; packages=$$(go list ./... | grep -v '/gpu$$'); \
	else builds+=$$'gpu: -tags=$(GPU_TAGS)\n'; go vet -tags $(GPU_TAGS) ./...; fi; \
	go run $(STATICCHECK) -matrix $$packages <<<"$$builds"

bench: ## run the benchmarks
	go test -run '^$$' -bench . ./...

bench-peers: build ## compare the speed with cjpeg, djpeg, cwebp, cjxl, djxl, pamtoqoi and qoitopam, into docs/bench/speed.md and speed.svg; needs a photograph in PEERS_PHOTO
	scripts/peers.py bin/qtgpu "$(PEERS_PHOTO)" --table docs/bench/speed.md --plot docs/bench/speed.svg

vectors: ## write every golden file and vector anew, by the tests that have -update; needs cjpeg, djpeg and convert
	rm -f testdata/conformance/*.qtg testdata/conformance/SHA256SUMS
	go test $$(grep -rl 'flag.Bool("update"' --include '*_test.go' . | xargs -n 1 dirname | sort -u) -run 'Golden|Vectors|Update' -update

tables: ## train the built-in entropy tables, a part of the format, anew; needs QTGPU_CORPUS, ../shared/corpus by default
	@ls $(QTGPU_CORPUS)/train/*.png >/dev/null 2>&1 || { echo "no pictures in $(QTGPU_CORPUS)/train: see docs/TRAINING.md"; exit 1; }
	@pictures=$$(realpath $(QTGPU_CORPUS)/train)/*.png; \
	for train in $$(find internal -type d -name train); do echo "$$train"; (cd "$$train/.." && go run ./train $$pictures); done
