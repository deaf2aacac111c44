package container

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// rewrites holds a file that opens to be what a Writer makes of its contents, but for
// unknown chunks, the order of the ancillary ones and empty metadata, which it leaves out.
func rewrites(t *testing.T, p []byte) {
	r, err := Open(background, bytes.NewReader(p), int64(len(p)), Options{Partial: true})
	if err == nil && r.Header().Tiles() < 1<<12 {
		contents(r) // whatever it gives, without a panic
	}
	r, err = open(p)
	if err != nil {
		if !errors.As(err, new(*FormatError)) && !errors.As(err, new(*UnsupportedError)) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("error of an unexpected type: %v", err)
		}
		return
	}
	got, err := contents(r)
	if err != nil {
		return
	}
	again := rewrite(t, got)
	if len(r.ancillary) == 0 {
		require.Equal(t, p, again)
		return
	}
	back, err := reopened(again)
	require.NoError(t, err)
	for kind, v := range got.Metadata {
		if len(v) == 0 {
			delete(got.Metadata, kind)
		}
	}
	require.Equal(t, appendBands(got.Header.Bands), appendBands(back.Header.Bands)) // which may have NaNs
	got.Header.Bands, back.Header.Bands = nil, nil
	require.Equal(t, got, back)
}

// rewrite writes a file whose first tile has all largest errors.
func rewrite(t *testing.T, f *file) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, f.Header, f.Plan, f.Metadata)
	require.NoError(t, err)
	for i := range f.Fronts {
		require.NoError(t, w.WriteTile(i, f.Fronts[i], f.Bodies[i], f.Worst))
	}
	require.NoError(t, w.Close(f.Overviews))
	return b.Bytes()
}

// FuzzOpen reads any bytes.
func FuzzOpen(f *testing.F) {
	part := sample(2)
	part.Header.Place = &Place{FirstRow: 2, Height: 2*64 + part.Header.Height}
	for _, s := range []*file{sample(1), sample(3), part, tiny(1), tiny(65)} {
		p := encode(f, s)
		f.Add(p)
		f.Add(p[:len(p)*2/3])
	}
	f.Fuzz(rewrites)
}

// FuzzChunks gives hostile payloads the checksums that let them through.
func FuzzChunks(f *testing.F) {
	s := sample(3)
	head, plan, index, front, body := pieces(s)
	f.Add(head, plan, "iccp", []byte("icc"), index, front, body)
	f.Add(head, plan, "band", appendBands(s.Header.Bands), index, front, body)
	f.Add(head, plan, "plac", (&Place{Height: 140, Plan: PlanHash(s.Header, s.Plan)}).append(nil), index, front, body)
	f.Fuzz(func(t *testing.T, head, plan []byte, kind string, extra, index, front, body []byte) {
		rewrites(t, assemble(nil, "HEAD", head, "PLAN", plan, "INDX", index, "FRNT", front, "BODY", body))
		rewrites(t, assemble(nil, "HEAD", head, "PLAN", plan, kind, extra, "INDX", index, "FRNT", front, "BODY", body))
	})
}

// FuzzRoot gives files of two groups any ROOT and any second index.
func FuzzRoot(f *testing.F) {
	p := encode(f, tiny(65))
	first := bytes.Index(p, []byte("INDX"))
	second := bytes.LastIndex(p, []byte("INDX"))
	root := bytes.Index(p, []byte("ROOT"))
	f.Add([]byte{0, 0}, p[root+5:len(p)-tailSize-crcSize], []byte("\x04file"))
	f.Fuzz(func(t *testing.T, index, root, over []byte) {
		q := assemble(bytes.Clone(p[:second]), "INDX", index, "FRNT", []byte{}, "BODY", []byte{}, "OVER", over)
		off := int64(len(q))
		rewrites(t, append(assemble(q, "ROOT", root), tail(off)...))
	})
	require.Less(f, first, second)
}
