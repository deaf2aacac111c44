package qtgpu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The names of the enumerated values, which flag.TextVar and encoding/json take and give.
var (
	chromas = []string{"auto", "4:2:0", "4:4:4"}
	bounds  = []string{"auto", "rms", "max"}
	splits  = []string{"hybrid", "pyramid", "cost"}
	tunes   = []string{"psnr", "visual"}
	engines = []string{"auto", "transform", "predictive", "layered"}
)

// name names an enumerated value, by its number where it has no name.
func name(v int, names []string) string {
	if v >= 0 && v < len(names) {
		return names[v]
	}
	return strconv.Itoa(v)
}

// marshal is the name of a value that has one.
func marshal(v int, names []string, what string) ([]byte, error) {
	if v < 0 || v >= len(names) {
		return nil, fmt.Errorf("qtgpu: %s %d, expected 0 to %d", what, v, len(names)-1)
	}
	return []byte(names[v]), nil
}

// unmarshal finds the value of a name.
func unmarshal[E ~int](v *E, text []byte, names []string, what string) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("qtgpu: %s %q, expected one of %s", what, text, strings.Join(names, ", "))
	}
	*v = E(i)
	return nil
}

// String is "auto", or the usual notation, "4:2:0" or "4:4:4".
func (c Chroma) String() string { return name(int(c), chromas) }

// MarshalText implements encoding.TextMarshaler: it gives what String does.
func (c Chroma) MarshalText() ([]byte, error) { return marshal(int(c), chromas, "chroma") }

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (c *Chroma) UnmarshalText(text []byte) error { return unmarshal(c, text, chromas, "chroma") }

// String is "auto", "rms" or "max".
func (b Bound) String() string { return name(int(b), bounds) }

// MarshalText implements encoding.TextMarshaler: it gives what String does.
func (b Bound) MarshalText() ([]byte, error) { return marshal(int(b), bounds, "bound") }

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (b *Bound) UnmarshalText(text []byte) error { return unmarshal(b, text, bounds, "bound") }

// String is "hybrid", "pyramid" or "cost".
func (s Split) String() string { return name(int(s), splits) }

// MarshalText implements encoding.TextMarshaler: it gives what String does.
func (s Split) MarshalText() ([]byte, error) { return marshal(int(s), splits, "split") }

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (s *Split) UnmarshalText(text []byte) error { return unmarshal(s, text, splits, "split") }

// String is "psnr" or "visual".
func (t Tune) String() string { return name(int(t), tunes) }

// MarshalText implements encoding.TextMarshaler: it gives what String does.
func (t Tune) MarshalText() ([]byte, error) { return marshal(int(t), tunes, "tune") }

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (t *Tune) UnmarshalText(text []byte) error { return unmarshal(t, text, tunes, "tune") }

// String is "auto" of AnyEngine, "transform", "predictive" or "layered".
func (e Engine) String() string { return name(int(e), engines) }

// MarshalText implements encoding.TextMarshaler: it gives what String does.
func (e Engine) MarshalText() ([]byte, error) { return marshal(int(e), engines, "engine") }

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (e *Engine) UnmarshalText(text []byte) error { return unmarshal(e, text, engines, "engine") }
