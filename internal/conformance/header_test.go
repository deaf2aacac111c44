package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// start is what a file begins with: the fields of HEAD but colours, and the payload of
// PLAN.
type start struct {
	fields        []uint64
	colours, plan []byte
	rest          []byte // behind PLAN
}

// payloadOf gives the payload of the chunk that p begins with, and what follows it.
func payloadOf(p []byte) (payload, rest []byte) {
	size, n := binary.Uvarint(p[4:])
	p = p[4+n:]
	return p[:size], p[size+4:]
}

func startOf(p []byte) (s start) {
	head, p := payloadOf(p[9:])
	s.plan, s.rest = payloadOf(p)
	next := func() uint64 {
		v, n := binary.Uvarint(head)
		s.fields, head = append(s.fields, v), head[n:]
		return v
	}
	for range 3 {
		next()
	}
	for bands := next(); bands > 0; {
		next()
		bands -= next()
	}
	for range 5 {
		next()
	}
	s.colours = head
	return s
}

func (s *start) file() []byte {
	var head []byte
	for _, v := range s.fields {
		head = binary.AppendUvarint(head, v)
	}
	p := append([]byte(begin), chunk("HEAD", append(head, s.colours...))...)
	return append(append(p, chunk("PLAN", s.plan)...), s.rest...)
}

// TestHeaders: the decoders agree on which headers and settings of engines a file can
// have.
func TestHeaders(t *testing.T) {
	values := []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 16, 48, 64, 128, 255, 256, 4096, 65535, 65536, 1 << 24, 1<<31 - 1, 1 << 31, 1 << 63}
	taken := 0
	for _, name := range []string{
		"gray-1x1", "rgb-1x1", "visual-rgb420-203x131", "exact-gray-1x1", "exact-layered-rgb-bound1-1x1", "exact-palette-90x70",
		"exact-bands2-40x50", "exact-labels16-77x50", "exact-merged3-203x131", "raster-one-sample-1x1",
		"raster-uint8-none255-bound2-80x70", "raster-int8-5bands-70x60", "raster-float32-none-bound-70x60", "masked-rgb-90x80",
	} {
		p := readFile(t, vectorDir+"/"+name+".qtg")
		require.Equal(t, p, new(startOf(p)).file(), name)
		rng := rand.New(rand.NewPCG(6, 6))
		for range shorttest.Rounds(400) {
			s := startOf(bytes.Clone(p))
			for range 1 + rng.IntN(2) {
				if i := rng.IntN(len(s.fields) + 2); i < len(s.fields) {
					s.fields[i] = values[rng.IntN(len(values))]
				} else {
					s.plan[i-len(s.fields)] = byte(values[rng.IntN(16)])
				}
			}
			changed := s.file()
			_, naive := parse(changed)
			_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(changed), int64(len(changed)), nil)
			require.Equal(t, naive == nil, err == nil, "%s with HEAD %v, PLAN % x: the naive decoder has error %v, the engine %v",
				name, s.fields, s.plan[:2], naive, err)
			if err == nil {
				taken++
			}
		}
	}
	require.Greater(t, taken, shorttest.Rounds(100), "headers that both took")
}
