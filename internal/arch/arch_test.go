// Package arch holds the import rules of docs/ARCHITECTURE.md. It reads the source
// of all packages, whatever their build tags, so that it sees the GPU code on a
// machine that cannot build it.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module  = "github.com/qtgpu/qtgpu"
	rootDir = "../.."
)

// source is what the files of one package import, tests apart.
type source struct {
	files   []string
	imports map[string]bool
}

// packages reads the imports of every package of the module, by its path below the
// root, which is ".".
func packages(t *testing.T) map[string]*source {
	all := map[string]*source{}
	err := filepath.WalkDir(rootDir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != rootDir:
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(rootDir, filepath.Dir(name))
		if err != nil {
			return err
		}
		return add(all, filepath.ToSlash(dir), name)
	})
	require.NoError(t, err)
	return all
}

func add(all map[string]*source, dir, name string) error {
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	if all[dir] == nil {
		all[dir] = &source{imports: map[string]bool{}}
	}
	all[dir].files = append(all[dir].files, name)
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		all[dir].imports[p] = true
	}
	return nil
}

// dependencies are all packages that a package of the module needs, in itself or
// through others of the module.
func dependencies(all map[string]*source, dir string) []string {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(dir string) {
		if all[dir] == nil {
			return
		}
		for p := range all[dir].imports {
			if !seen[p] {
				seen[p] = true
				if p == module {
					visit(".")
				} else if rest, ok := strings.CutPrefix(p, module+"/"); ok {
					visit(rest)
				}
			}
		}
	}
	visit(dir)
	deps := make([]string, 0, len(seen))
	for p := range seen {
		deps = append(deps, p)
	}
	slices.Sort(deps)
	return deps
}

// rule forbids packages, and those below a pattern that ends in "/...", to need
// others.
type rule struct {
	of     []string // below the root
	except []string
	never  []string // import paths, or "./x" for the module's package x
	but    []string // what never holds too much of
	direct bool     // of imports alone, not of what these need
	why    string
}

var rules = []rule{
	{
		of: []string{"...", "."}, except: []string{"gpu", "cmd/qtgpu"},
		never: []string{"./gpu", "github.com/go-gl/...", "C"},
		why:   "only the command links the GPU, so that the library needs no cgo",
	},
	{
		of: []string{"gpu"}, never: []string{"./cpu_fallback", "./internal/engine/...", "./internal/container", "./internal/imagefile", "."},
		why: "the backends know only the seam",
	},
	{
		of:    []string{"cpu_fallback", "tree", "chroma"},
		never: []string{"./internal/engine/...", "./internal/container", "./internal/imagefile", "./internal/rans", "image/png", "image/jpeg", "golang.org/x/...", "."},
		but:   []string{"golang.org/x/sys/cpu"},
		why:   "what stands above the engines knows no engine and no file format",
	},
	{
		of: []string{"chroma"}, never: []string{"./tree", "./cpu_fallback"},
		why: "planes come before trees",
	},
	{
		of: []string{"tree"}, never: []string{"./cpu_fallback"},
		why: "the seam knows no backend",
	},
	{
		of: []string{"...", "."}, except: []string{"remote", "cmd/qtgpu"},
		never: []string{"net/...", "./remote"},
		why:   "a decoder opens no connection: it reads what it is given",
	},
	{
		of: []string{"remote"}, direct: true,
		never: []string{"./...", "github.com/...", "golang.org/...", "os"}, but: []string{".", "./internal/parallel"},
		why: "bytes of a server are what it is about, and the standard library is enough for them",
	},
	{
		of: []string{"raster"}, never: []string{"./..."}, but: []string{"./internal/hugepages"},
		why: "samples come first",
	},
	{
		of: []string{"internal/pipeline"}, never: []string{"./internal/imagefile/...", "./cpu_fallback", "./gpu", "os", "."},
		why: "the pipeline takes sources and sinks, whosever they are",
	},
	{
		of: []string{"internal/container"}, never: []string{"./..."}, but: []string{"./raster", "./internal/hugepages"},
		why: "the container holds opaque bytes",
	},
	{
		of: []string{"internal/engine/..."}, except: []string{"internal/engine/transform/train", "internal/engine/predictive/train", "internal/engine/layered/train"},
		never: []string{"./internal/container", "./internal/imagefile", "./cpu_fallback", "os", "io", "golang.org/x/image/...", "golang.org/x/term/...", "."},
		why:   "an engine is bytes in and bytes out",
	},
	{
		of: []string{"internal/engine/arith"}, never: []string{"./..."},
		why: "arithmetic comes before engines",
	},
	{
		of: []string{"internal/engine/transform", "internal/engine/symbols"}, never: []string{"./internal/engine/transform", "./internal/engine/symbols", "./internal/engine/predictive/...", "./internal/engine/layered"},
		why: "an engine that others build on knows none of them",
	},
	{
		of: []string{"internal/engine/layered"}, never: []string{"./internal/engine/symbols", "./internal/engine/predictive/..."},
		why: "layers have a base by the transform engine, and corrections of their own",
	},
	{
		of: []string{"internal/engine/predictive/..."}, except: []string{"internal/engine/predictive", "internal/engine/predictive/train"},
		never: []string{"./internal/engine/predictive", "./internal/engine/symbols", "./internal/engine/transform", "./internal/engine/layered", "./chroma"},
		why:   "planes are coded without knowing of what channels or in which mode",
	},
	{
		of: []string{"internal/engine/predictive/interlace"}, never: []string{"./internal/engine/predictive/...", "./internal/rans", "./internal/cm"},
		why: "the order of samples comes before what is said of them",
	},
	{
		of: []string{"internal/engine/predictive/residual"}, never: []string{"./internal/engine/predictive/linear", "./internal/engine/predictive/mixing", "./internal/cm"},
		why: "residuals are coded whatever has predicted their samples",
	},
	{
		of: []string{"internal/engine/predictive/linear"}, never: []string{"./internal/engine/predictive/mixing", "./internal/cm"},
		why: "samples are predicted however their residuals are coded",
	},
	{
		of: []string{"internal/imagefile/..."}, except: []string{"internal/imagefile"}, never: []string{"./..."},
		why: "a parser of image files gives samples and knows nobody who takes them",
	},
	{
		of: []string{"internal/imagefile"}, never: []string{"./internal/engine/...", "./internal/container", "./tree", "os", "."},
		why: "image files come before what is made of them",
	},
	{
		of: []string{"internal/geo"}, never: []string{"./..."},
		why: "where a raster lies is read from numbers, whatever file they stand in",
	},
	{
		of: []string{"tree", "chroma", "cpu_fallback", "raster", "internal/engine/...", "internal/container", "internal/pipeline", "internal/imagefile/..."}, never: []string{"./internal/geo"},
		why: "where a raster lies changes no sample and no byte of its code",
	},
	{
		of: []string{"internal/compare"}, never: []string{"./internal/engine/...", "./internal/container", "./internal/pipeline", "./tree", "net/...", "."},
		why: "what is compared are programs and files, and qtgpu is one of them",
	},
	{
		of: []string{"...", "."}, except: []string{"cmd/qtgpu", "internal/compare"}, never: []string{"./internal/compare", "os/exec"},
		why: "only a comparison starts programs",
	},
	{
		of: []string{"internal/figures"}, never: []string{"./..."},
		why: "numbers are written whatever they count",
	},
	{
		of: []string{"internal/refdec/..."}, never: []string{"github.com/...", "golang.org/...", "C"}, but: []string{"./internal/refdec"},
		why: "the naive decoder is written from the documents and shares nothing with the module",
	},
	{
		of: []string{"...", "."}, except: []string{"internal/refdec/..."}, never: []string{"./internal/refdec/..."},
		why: "the naive decoder is what tests hold the engines against",
	},
	{
		of: []string{"...", "."}, except: []string{"internal/containertest"}, never: []string{"github.com/stretchr/testify/..."},
		why: "testify is for tests",
	},
}

// matches tells whether a path is among patterns.
func matches(p string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, below := strings.CutSuffix(pattern, "...")
		return p == pattern || below && (strings.HasPrefix(p, prefix) || p == strings.TrimSuffix(prefix, "/"))
	})
}

// imported turns the patterns of the module's packages into import paths.
func imported(patterns []string) []string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = p
		if p == "." || strings.HasPrefix(p, "./") {
			out[i] = path.Join(module, p)
		}
	}
	return out
}

// broken are the dependencies of dir that a rule forbids.
func (r *rule) broken(all map[string]*source, dir string) (bad []string) {
	if !matches(dir, r.of) || matches(dir, r.except) {
		return nil
	}
	needs := dependencies(all, dir)
	if r.direct {
		needs = slices.Sorted(maps.Keys(all[dir].imports))
	}
	for _, p := range needs {
		if matches(p, imported(r.never)) && !matches(p, imported(r.but)) {
			bad = append(bad, p)
		}
	}
	return bad
}

func TestImports(t *testing.T) {
	all := packages(t)
	for _, dir := range []string{
		".", "raster", "chroma", "tree", "cpu_fallback", "gpu", "cmd/qtgpu", "internal/engine", "internal/engine/transform",
		"internal/engine/predictive/linear", "internal/pipeline", "internal/container", "internal/imagefile/jpeg", "internal/geo", "internal/compare", "internal/figures", "remote",
		"internal/refdec", "internal/refdec/cmd/qtgref",
	} {
		require.Contains(t, all, dir)
	}
	for dir := range all {
		for _, r := range rules {
			assert.Empty(t, r.broken(all, dir), "package %s must not need these: %s", dir, r.why)
		}
	}
}

// TestRulesBite: each rule finds a package that breaks it.
func TestRulesBite(t *testing.T) {
	of := func(imports ...string) *source {
		s := &source{imports: map[string]bool{}}
		for _, p := range imported(imports) {
			s.imports[p] = true
		}
		return s
	}
	broken := func(all map[string]*source, dir string) (bad []string) {
		for _, r := range rules {
			bad = append(bad, r.broken(all, dir)...)
		}
		return bad
	}
	for _, c := range []struct {
		dir, needs string
		allowed    bool
	}{
		{".", "./gpu", false},
		{"tree", "C", false},
		{"internal/imagefile", "github.com/go-gl/gl/v4.3-core/gl", false},
		{"cmd/qtgpu", "./gpu", true},
		{"gpu", "./cpu_fallback", false},
		{"gpu", "./tree", true},
		{"cpu_fallback", "./internal/rans", false},
		{"chroma", "image/png", false},
		{"chroma", "./tree", false},
		{"tree", "./cpu_fallback", false},
		{"internal/container", "./internal/engine/transform", false},
		{"internal/engine/transform", "./internal/container", false},
		{"internal/engine/transform/train", "./internal/imagefile", true},
		{"internal/engine/arith", "./internal/fixlog", false},
		{"internal/engine/symbols", "./internal/engine/predictive/residual", false},
		{"internal/engine/transform", "./internal/engine/arith", true},
		{"internal/engine/layered", "./internal/engine/transform", true},
		{"internal/engine/layered", "./internal/engine/predictive/interlace", false},
		{"internal/engine/predictive", "./internal/engine/symbols", true},
		{"internal/engine/predictive/mixing", "./internal/engine/predictive", false},
		{"internal/engine/predictive/mixing", "./internal/engine/predictive/linear", true},
		{"internal/engine/predictive/linear", "./internal/engine/predictive/mixing", false},
		{"internal/engine/predictive/linear", "./internal/engine/predictive/residual", true},
		{"internal/engine/predictive/linear", "./chroma", false},
		{"internal/engine/predictive/residual", "./internal/engine/predictive/linear", false},
		{"internal/engine/predictive/interlace", "./internal/engine/predictive/residual", false},
		{"internal/engine/predictive/interlace", "./internal/rans", false},
		{"internal/imagefile/jpeg", "./internal/imagefile", false},
		{"internal/imagefile", "./internal/container", false},
		{"internal/imagefile", "./internal/imagefile/jpeg", true},
		{"internal/geo", "./raster", false},
		{"internal/pipeline", "./internal/geo", false},
		{"internal/engine/layered", "./internal/geo", false},
		{"internal/imagefile", "./internal/geo", false},
		{"cmd/qtgpu", "./internal/geo", true},
		{"internal/compare", ".", false},
		{"internal/compare", "os/exec", true},
		{"internal/compare", "./internal/imagefile", true},
		{"internal/pipeline", "os/exec", false},
		{"internal/metrics", "./internal/compare", false},
		{"cmd/qtgpu", "./internal/compare", true},
		{"internal/figures", "./raster", false},
		{"internal/refdec", "./internal/fixlog", false},
		{"internal/refdec", "golang.org/x/image/tiff", false},
		{"internal/refdec/cmd/qtgref", "./internal/refdec", true},
		{"internal/refdec/cmd/qtgref", ".", false},
		{"cmd/qtgpu", "./internal/refdec", false},
		{"internal/metrics", "github.com/stretchr/testify/assert", false},
		{".", "net/http", false},
		{"internal/imagefile", "./remote", false},
		{"internal/container", "net", false},
		{"cmd/qtgpu", "./remote", true},
		{"remote", "net/http", true},
		{"remote", ".", true},
		{"remote", "./internal/container", false},
		{"remote", "github.com/klauspost/compress/zstd", false},
	} {
		bad := broken(map[string]*source{c.dir: of(c.needs)}, c.dir)
		assert.Equal(t, c.allowed, len(bad) == 0, "%s needing %s", c.dir, c.needs)
	}
	through := map[string]*source{".": of("./internal/a"), "internal/a": of("./internal/b"), "internal/b": of("./gpu")}
	assert.Equal(t, []string{module + "/gpu"}, broken(through, "."), "through two other packages")
}

// TestNoFloats: no floating point where files are decided, but for the threshold
// that people give and the fit of weights, which files hold.
func TestNoFloats(t *testing.T) {
	coded := []string{"chroma", "tree", "cpu_fallback", "internal/rans", "internal/container", "internal/cm", "internal/engine/arith", "internal/engine/transform", "internal/engine/layered", "internal/engine/symbols",
		"internal/engine/predictive", "internal/engine/predictive/interlace", "internal/engine/predictive/residual", "internal/engine/predictive/mixing"}
	all := packages(t)
	for _, dir := range coded {
		require.Contains(t, all, dir)
		for _, name := range all[dir].files {
			if strings.HasSuffix(name, "internal/container/bands.go") {
				continue // what people say of a band: its scale, its offset, its no-data value
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					assert.NotContains(t, []string{"float32", "float64"}, n.Name, "%v", set.Position(n.Pos()))
				case *ast.BasicLit:
					assert.NotEqual(t, token.FLOAT, n.Kind, "%v: %s", set.Position(n.Pos()), n.Value)
				}
				return true
			})
		}
	}
}
