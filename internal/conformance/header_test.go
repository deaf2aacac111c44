package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
)

// headFields are the fields of HEAD, and where its payload lies in a file.
func headFields(p []byte) (fields []uint64, start, end int) {
	start = bytes.Index(p, []byte("HEAD")) + 4
	size, n := binary.Uvarint(p[start:])
	start += n
	end = start + int(size)
	for rest := p[start:end]; len(rest) > 0; {
		v, n := binary.Uvarint(rest)
		fields, rest = append(fields, v), rest[n:]
	}
	return fields, start, end
}

// withHead is a file with other fields of HEAD.
func withHead(p []byte, fields []uint64) []byte {
	_, _, end := headFields(p)
	start := bytes.Index(p, []byte("HEAD"))
	var payload []byte
	for _, v := range fields {
		payload = binary.AppendUvarint(payload, v)
	}
	return append(append(bytes.Clone(p[:start]), chunk("HEAD", payload)...), p[end+4:]...)
}

// TestHeaders: the decoders agree on which headers a file can have.
func TestHeaders(t *testing.T) {
	values := []uint64{0, 1, 2, 3, 4, 6, 8, 10, 11, 16, 48, 64, 128, 255, 256, 4096, 65535, 65536, 1 << 24, 1<<31 - 1, 1 << 31}
	taken := 0
	for _, name := range []string{"gray-1x1", "rgb-1x1", "exact-gray-1x1", "exact-layered-rgb-bound1-1x1", "exact-palette-90x70", "exact-bands2-40x50"} {
		p := readFile(t, vectorDir+"/"+name+".qtg")
		rng := rand.New(rand.NewPCG(6, 6))
		for range 400 {
			fields, _, _ := headFields(p)
			for range 1 + rng.IntN(2) {
				fields[rng.IntN(len(fields))] = values[rng.IntN(len(values))]
			}
			changed := withHead(p, fields)
			_, naive := parse(changed)
			_, err := qtgpu.NewReader(bytes.NewReader(changed), int64(len(changed)), nil)
			require.Equal(t, naive == nil, err == nil, "%s with HEAD %v: the naive decoder has error %v, the engine %v", name, fields, naive, err)
			if err == nil {
				taken++
			}
		}
	}
	require.Greater(t, taken, 100, fmt.Sprint("headers that both took"))
}
