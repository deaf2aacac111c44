package conformance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/refdec"
)

const formatDoc = "../../docs/FORMAT.md"

// requireStated holds the document to have lines between <!-- name --> and <!-- end -->;
// -update writes them.
func requireStated(t *testing.T, name, lines string) {
	doc := string(readFile(t, formatDoc))
	start, end := "<!-- "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(doc, start)
	require.True(t, ok, "%s has no line %q", formatDoc, start)
	stated, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no line %q after %q", formatDoc, end, start)
	if *update {
		require.NoError(t, os.WriteFile(formatDoc, []byte(before+start+lines+end+after), 0o644))
		return
	}
	assert.Equal(t, lines, stated, "%s after %q; go test ./internal/conformance -run 'Stated|Dump' -update writes it anew", formatDoc, start)
}

// TestTablesAreStated: the document states the checksums of the naive decoder's tables.
func TestTablesAreStated(t *testing.T) {
	names, err := filepath.Glob("../refdec/tables/*.bin")
	require.NoError(t, err)
	require.Len(t, names, 6)
	b := "| file | bytes | SHA-256 |\n|---|---|---|\n"
	for _, name := range names {
		p := readFile(t, name)
		b += fmt.Sprintf("| [%s](../internal/refdec/tables/%[1]s) | %d | `%x` |\n", filepath.Base(name), len(p), sha256.Sum256(p))
	}
	requireStated(t, "tables", b)
}

// smallest is the path of the smallest vector.
func smallest(t *testing.T) (path string) {
	names, err := filepath.Glob(vectorDir + "/*.qtg")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	least := 0
	for _, name := range names {
		if n := len(readFile(t, name)); path == "" || n < least {
			path, least = name, n
		}
	}
	return path
}

// TestDump: the document shows the smallest vector as it is, byte by byte and symbol by
// symbol.
func TestDump(t *testing.T) {
	path := smallest(t)
	p := readFile(t, path)
	dump := fmt.Sprintf("```\n%s, %d bytes\n\n", filepath.Base(path), len(p)) + annotated(t, p)
	f, err := parse(p)
	require.NoError(t, err)
	for i := range f.Fronts {
		s := &tracer{tile: i}
		require.NoError(t, f.ReadTile(s, i, f.Fronts[i], f.Bodies[i], false))
		dump += s.String()
	}
	requireStated(t, "dump", dump+"```\n")
}

// annotated are the bytes of a file, each field in a line of its own.
func annotated(t *testing.T, p []byte) string {
	notes, err := refdec.Annotate(p)
	require.NoError(t, err)
	var b strings.Builder
	at := 0
	for _, n := range notes {
		require.Equal(t, at, n.Offset, "where %s begins", n.What)
		at += n.Length
		for from := n.Offset; from < at; from += 8 {
			line := fmt.Sprintf("%04x  %-23s  ", from, fmt.Sprintf("% x", p[from:min(from+8, at)]))
			if from == n.Offset {
				line += n.What
			}
			fmt.Fprintln(&b, strings.TrimRight(line, " "))
		}
	}
	require.Equal(t, len(p), at, "bytes that are annotated")
	return b.String()
}

// TestNotesCoverAll: each byte of each vector is said to be something, once.
func TestNotesCoverAll(t *testing.T) {
	for _, v := range slices.Concat(vectors, exactVectors, rasterVectors) {
		annotated(t, readFile(t, filepath.Join(vectorDir, v.name+".qtg")))
	}
}

// tracer writes down what codes hold.
type tracer struct {
	tile  int
	lines bytes.Buffer
	last  string // line, which has come so many times
	times int
}

func (s *tracer) Symbols(segment []byte, tables [][16]int, least int) (refdec.Symbols, error) {
	stored, err := refdec.Stored.Symbols(segment, tables, least)
	s.title("a segment of %d bytes", len(segment))
	return tracedSymbols{stored, s, len(tables)}, err
}

func (s *tracer) Bits(code []byte, least int) (refdec.Bits, error) {
	stored, err := refdec.Stored.Bits(code, least)
	s.title("a code of %d bytes, bit by bit", len(code))
	return tracedBits{stored, s}, err
}

func (s *tracer) title(format string, args ...any) {
	s.flush()
	fmt.Fprintf(&s.lines, "\ntile %d, "+format+":\n", append([]any{s.tile}, args...)...)
}

func (s *tracer) note(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); line == s.last {
		s.times++
	} else {
		s.flush()
		s.last, s.times = line, 1
	}
}

func (s *tracer) flush() {
	switch {
	case s.times == 1:
		fmt.Fprintf(&s.lines, "  %s\n", s.last)
	case s.times > 1:
		fmt.Fprintf(&s.lines, "  %s, %d times\n", s.last, s.times)
	}
	s.last, s.times = "", 0
}

func (s *tracer) String() string {
	s.flush()
	return s.lines.String()
}

// contextNames are the first contexts of what they are for, by the number of contexts.
var contextNames = map[int][]struct {
	first int
	name  string
}{
	refdec.AllContexts: {{0, "split flag"}, {12, "last group"}, {36, "front image"}, {58, "AC level"}, {526, "mode"}, {610, "factor"},
		{614, "sign"}, {746, "dependent level"}, {1214, "step class"}},
	refdec.PredictiveContexts: {{0, "residual"}, {792, "zero tree"}},
	refdec.CorrectionContexts: {{0, "correction"}},
}

type tracedSymbols struct {
	refdec.Symbols
	trace    *tracer
	contexts int
}

func (s tracedSymbols) Symbol(context int) int {
	k := s.Symbols.Symbol(context)
	name := ""
	for _, c := range contextNames[s.contexts] {
		if c.first <= context {
			name = c.name
		}
	}
	s.trace.note("%s, context %d: symbol %d", name, context, k)
	return k
}

func (s tracedSymbols) Raw(n int) uint64 {
	v := s.Symbols.Raw(n)
	if n > 0 {
		s.trace.note("raw bits: %0*b", n, v)
	}
	return v
}

func (s tracedSymbols) ExpGolomb() uint32 {
	v := s.Symbols.ExpGolomb()
	s.trace.note("Exp-Golomb: %d", v)
	return v
}

func (s *tracer) Remainders(data []byte) (refdec.Raw, error) {
	s.title("remainders of %d bytes", len(data))
	return refdec.Stored.Remainders(data)
}

type tracedBits struct {
	refdec.Bits
	trace *tracer
}

func (s tracedBits) Bit(p int) int {
	bit := s.Bits.Bit(p)
	s.trace.note("probability %d/65536: %d", p, bit)
	return bit
}
