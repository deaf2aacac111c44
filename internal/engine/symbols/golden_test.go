package symbols

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite testdata/codes.txt")

// TestGolden holds the bytes of the format: every machine writes the same.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("what one goroutine does alone, which TestRoundTrip has some of")
	}
	var lines []string
	for _, d := range drawings {
		front, body := Encode(d.tile)
		lines = append(lines, fmt.Sprintf("%-22s %6d %6d %x", d.name, len(front), len(body),
			sha256.Sum256(append(front, body...))))
	}
	path := filepath.Join("testdata", "codes.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update")
	require.Equal(t, strings.Split(strings.TrimSuffix(string(golden), "\n"), "\n"), lines)
}
