package compare

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
)

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// machine says in words where times were taken.
func machine() string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := modelName.FindSubmatch(b); m != nil {
			model = clip(printable(string(m[1])), 80)
		}
	}
	cores := "cores"
	if runtime.NumCPU() == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s, %d %s, %s", model, runtime.NumCPU(), cores, runtime.GOOS)
}
