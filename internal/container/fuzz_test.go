package container

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// reopen holds a file that opens against what Write makes of its contents.
func reopen(t *testing.T, p []byte) {
	r, err := open(p)
	if err != nil {
		var format *FormatError
		var unsup *UnsupportedError
		if !errors.As(err, &format) && !errors.As(err, &unsup) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("error of an unexpected type: %v", err)
		}
		return
	}
	got, err := contents(r)
	if err != nil {
		return
	}
	again, err := open(encode(t, got))
	require.NoError(t, err)
	back, err := contents(again)
	require.NoError(t, err)
	for kind, v := range got.Metadata {
		if len(v) == 0 { // Write leaves empty chunks out
			delete(got.Metadata, kind)
		}
	}
	if len(got.Tables) == 0 {
		got.Tables = nil
	}
	require.Equal(t, got, back)
}

func FuzzOpen(f *testing.F) {
	full := encode(f, sample())
	f.Add(full)
	f.Add(full[:len(full)/2])
	f.Add(append(bytes.Clone(full), full...))
	f.Fuzz(reopen)
}

// FuzzChunks gives hostile payloads the checksums that let them through.
func FuzzChunks(f *testing.F) {
	s := sample()
	f.Add(s.Header.append(nil), s.index(), bytes.Join(s.Fronts, nil), "iccp", []byte("icc"), bytes.Join(s.Bodies, nil))
	f.Fuzz(func(t *testing.T, head, index, front []byte, kind string, extra, body []byte) {
		reopen(t, assemble("HEAD", head, "INDX", index, "FRNT", front, kind, extra, "BODY", body))
	})
}
