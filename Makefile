.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help build demo test race fuzz lint bench vectors tables

FUZZTIME ?= 20000x
QTGPU_CORPUS ?= ../shared/corpus
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
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/qtgpu, with GPU support where this machine can
	@missing=$$($(gpu_missing)); tags=$(GPU_TAGS); \
	if [ -n "$$missing" ]; then tags=; echo "GPU support left out: $$missing"; fi; \
	go build -trimpath -tags "$$tags" -o bin/qtgpu ./cmd/qtgpu

demo: build ## encode a photo at t = 10, decode it and draw its tree into bin/demo
	@mkdir -p bin/demo
	bin/qtgpu -i $(PHOTO) -t 10 -o bin/demo/photo.qtg -f --verify
	bin/qtgpu -i bin/demo/photo.qtg -o bin/demo/photo.png -f
	bin/qtgpu info bin/demo/photo.qtg
	bin/qtgpu tree bin/demo/photo.qtg -o bin/demo/tree.png -f

test: ## run all tests
	go test -timeout 30m ./...

race: ## run all tests, the long ones short, under the race detector; needs cgo
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

vectors: ## write every golden file and vector anew, by the tests that have -update; needs cjpeg, djpeg and convert
	rm -f testdata/conformance/*.qtg testdata/conformance/SHA256SUMS
	go test $$(grep -rl 'flag.Bool("update"' --include '*_test.go' . | xargs -n 1 dirname | sort -u) -run 'Golden|Vectors|Update' -update

tables: ## train the built-in entropy tables, a part of the format, anew; needs QTGPU_CORPUS, ../shared/corpus by default
	@ls $(QTGPU_CORPUS)/train/*.png >/dev/null 2>&1 || { echo "no pictures in $(QTGPU_CORPUS)/train: see docs/TRAINING.md"; exit 1; }
	@pictures=$$(realpath $(QTGPU_CORPUS)/train)/*.png; \
	for train in $$(find internal -type d -name train); do echo "$$train"; (cd "$$train/.." && go run ./train $$pictures); done
