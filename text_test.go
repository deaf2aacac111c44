package qtgpu_test

import (
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// enumerated is a value with a name.
type enumerated interface {
	fmt.Stringer
	encoding.TextMarshaler
}

// named holds all values of a type, of is each by its number, to have the names: as text, as
// JSON and as a flag, both ways.
func named[E enumerated, P interface {
	*E
	encoding.TextUnmarshaler
}](t *testing.T, of func(v int) E, first int, names ...string) {
	t.Helper()
	for i, name := range names {
		v := of(first + i)
		assert.Equal(t, name, v.String(), "%T", v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, `"`+name+`"`, string(text), "%T", v)
		back := of(first)
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, v, back)

		set := flag.NewFlagSet("", flag.ContinueOnError)
		var got E
		set.TextVar(P(&got), "x", of(first), "")
		require.NoError(t, set.Parse([]string{"-x", name}), "%T", v)
		assert.Equal(t, v, got)
		assert.Equal(t, name, set.Lookup("x").Value.String(), "%T", v)
	}
	for _, i := range []int{first - 1, first + len(names), 200} {
		if i < 0 {
			i = 255
		}
		v := of(i)
		assert.Contains(t, v.String(), fmt.Sprint(i), "%T", v)
		_, err := v.MarshalText()
		assert.ErrorContains(t, err, "expected", "%T %d", v, i)
	}
	got := of(first)
	for _, text := range []string{"", "x", names[0] + " ", "1"} {
		assert.ErrorContains(t, P(&got).UnmarshalText([]byte(text)), "expected one", "%T", got)
		assert.Equal(t, of(first), got, "changed by %q", text)
	}
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.TextVar(P(&got), "x", of(first), "")
	assert.Error(t, set.Parse([]string{"-x", "nothing"}))
}

// TestText: every enumerated value has a name, which is read as it is written.
func TestText(t *testing.T) {
	named(t, func(v int) qtgpu.Chroma { return qtgpu.Chroma(v) }, 0, "auto", "4:2:0", "4:4:4")
	named(t, func(v int) qtgpu.Bound { return qtgpu.Bound(v) }, 0, "auto", "rms", "max")
	named(t, func(v int) qtgpu.Split { return qtgpu.Split(v) }, int(qtgpu.SplitHybrid), "hybrid", "pyramid", "cost")
	named(t, func(v int) qtgpu.Engine { return qtgpu.Engine(v) }, 0, "auto", "transform", "predictive", "layered")
	named(t, func(v int) raster.Type { return raster.Type(v) }, int(raster.Uint8), "uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64")
	named(t, func(v int) raster.Role { return raster.Role(v) }, 0, "data", "gray", "red", "green", "blue", "alpha", "premultiplied alpha", "index", "label")
	assert.Equal(t, "-1", qtgpu.Bound(-1).String())
	assert.Equal(t, []string{"4:2:0", "rms", "cost", "layered"}, []string{
		qtgpu.Chroma420.String(), qtgpu.BoundRMS.String(), qtgpu.SplitCost.String(), qtgpu.Layered.String(),
	})
}
