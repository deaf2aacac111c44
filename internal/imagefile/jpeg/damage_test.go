package jpeg

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// data is the offset of the data of the first scan.
func data(file []byte) int {
	at := bytes.Index(file, []byte{0xff, sos})
	return at + 2 + int(file[at+3])
}

// harmless are warnings of djpeg for what is no damage: parameters that sequential
// scans do not use, and a byte of padding.
var harmless = regexp.MustCompile(`^(Invalid SOS parameters|Corrupt JPEG data: 1 extraneous bytes)`)

// TestDjpegDamaged: files that are cut, or of which bits are changed, show what
// djpeg shows of them, and damage is found where djpeg warns.
func TestDjpegDamaged(t *testing.T) {
	damaged := 0
	for seed := range uint64(filesToTry()) {
		file, command := randomJPEG(t, seed)
		rnd := rand.New(rand.NewPCG(seed, 3))
		start := data(file)
		if rnd.IntN(2) == 0 {
			file = file[:start+rnd.IntN(len(file)-start)]
		} else {
			for range 1 + rnd.IntN(3) {
				file[start+rnd.IntN(len(file)-start)] ^= 1 << rnd.IntN(8)
			}
		}
		out, warnings, code := runTool(t, file, "djpeg -pnm")
		m, err := Decode(file, Options{})
		if code == 1 { // djpeg gives up
			assert.Error(t, err, "%d: %s", seed, warnings)
			continue
		}
		if err != nil {
			var damage *DamageError
			require.ErrorAs(t, err, &damage, "%d: %s %s", seed, command, warnings)
			damaged++
			if strings.Contains(damage.What, "ends in the segment") {
				continue // which djpeg completes with an EOI marker
			}
		} else if !harmless.MatchString(warnings) {
			assert.Empty(t, warnings, "%d: %s", seed, command)
		}
		require.NotNil(t, m)
		diff, where := largest(t, readPNM(t, out), m.picture())
		assert.Zero(t, diff, "%d: %s: %s\n%v\n%s", seed, command, where, err, warnings)
	}
	assert.NotZero(t, damaged)
}

// TestCut: of a file that ends in a row of MCUs, the rows above are as they were,
// but for the last pixels, which are mixed with the row below.
func TestCut(t *testing.T) {
	for _, name := range []string{"420", "422", "440", "411", "444", "gray", "odd", "cmyk"} {
		file := golden(t, name+".jpg")
		want, err := Decode(file, Options{})
		require.NoError(t, err)
		start := data(file)
		for end := start; end < len(file); end++ {
			got, err := Decode(file[:end], Options{})
			var damage *DamageError
			require.ErrorAs(t, err, &damage, "%s cut at %d", name, end)
			assert.Equal(t, int64(end), damage.Offset, "%s cut at %d", name, end)
			assert.Equal(t, min(damage.MCURow*want.MCUHeight, want.Height), damage.Row)
			n := max(damage.Row-2, 0) * want.Width * want.Model.Channels()
			if damage.Row == want.Height {
				n = len(want.Pix)
			}
			require.Equal(t, want.Pix[:n], got.Pix[:n], "%s cut at %d", name, end)
		}
	}
}

// TestRestart: damage does not reach behind the next restart marker, and a marker
// that is lost costs its interval only.
func TestRestart(t *testing.T) {
	file := golden(t, "restart.jpg")
	want, err := Decode(file, Options{})
	require.NoError(t, err)
	var markers []int
	for i := data(file); i < len(file)-1; i++ {
		if file[i] == 0xff && rst0 <= file[i+1] && file[i+1] <= rst7 {
			markers = append(markers, i)
		}
	}
	require.Greater(t, len(markers), 4)
	// An interval is an MCU of 16×16 pixels, three in a row; the fifth is hit.
	part := func(from, to int) []byte { return file[from:to:to] }
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"an interval is gone", append(part(0, markers[3]), file[markers[4]:]...)},
		{"a marker is changed", append(append(part(0, markers[3]), 1, 1), file[markers[3]+2:]...)},
		{"zeros", append(append(part(0, markers[3]+2), make([]byte, markers[4]-markers[3]-2)...), file[markers[4]:]...)},
	} {
		got, err := Decode(c.file, Options{})
		var damage *DamageError
		require.ErrorAs(t, err, &damage, c.name)
		assert.Equal(t, 1, damage.MCURow, c.name)
		for y := range want.Height {
			for x := range want.Width {
				i := 3 * (y*want.Width + x)
				if y < 15 || x >= 34 {
					require.Equal(t, want.Pix[i:i+3], got.Pix[i:i+3], "%s: x=%d y=%d", c.name, x, y)
				}
			}
		}
		assert.NotEqual(t, want.Pix, got.Pix, c.name)
	}
}
