.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help build demo test fuzz lint bench

FUZZTIME ?= 20000x
GPU_TAGS := gpu,egl
PHOTO := testdata/images/dandelion.png

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

fuzz: ## run every fuzz target for FUZZTIME, 20000x by default
	@go test -list '^Fuzz' ./... | awk '/^Fuzz/ { f[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, f[i]; n = 0 }' | \
	while read -r pkg name; do go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$pkg" || exit 1; done

lint: ## check the format and vet, the GPU code too where this machine can
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	CGO_ENABLED=0 go vet ./...
	@missing=$$($(gpu_missing)); \
	if [ -n "$$missing" ]; then echo "GPU code not vetted: $$missing"; else go vet -tags $(GPU_TAGS) ./...; fi

bench: ## run the benchmarks
	go test -run '^$$' -bench . ./...
