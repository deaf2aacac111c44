package hugepages

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestAsked: the system knows what was asked for of all of a large slice.
func TestAsked(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("no transparent huge pages:", err)
	}
	s := Make[uint64](1 << 20)
	first := uintptr(unsafe.Pointer(&s[0]))
	for _, at := range []uintptr{first, first + uintptr(len(s))*4, first + uintptr(len(s))*8 - 1} {
		require.Contains(t, flags(t, at), "hg", "byte %d", at-first)
	}
}

// flags are the flags of the mapping that an address lies in.
func flags(t *testing.T, at uintptr) []string {
	f, err := os.Open("/proc/self/smaps")
	require.NoError(t, err)
	defer f.Close()
	within := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			within = from <= at && at < to
		}
		if of, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && within {
			return strings.Fields(of)
		}
	}
	t.Fatalf("no mapping has address %#x", at)
	return nil
}
