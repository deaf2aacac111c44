// Package containertest takes .qtg files apart and puts them together again, for tests
// that damage what no writer would write.
package containertest

import (
	"bytes"
	"context"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
)

// File is all that a file holds. Bytes makes valid checksums for whatever it is.
type File struct {
	Header         *container.Header
	Plan           *container.Plan
	Metadata       container.Metadata
	Fronts, Bodies [][]byte // of all tiles in raster order
	Worst          []uint64 // the largest errors; nil is written as zeros
	Overviews      []container.Overview
}

// Take takes a whole file apart. Its parts are the caller's to change.
func Take(t testing.TB, data []byte) *File {
	t.Helper()
	ctx := context.Background()
	r, err := container.Open(ctx, bytes.NewReader(data), int64(len(data)), container.Options{MaxPixels: math.MaxInt64})
	require.NoError(t, err)
	h, plan := *r.Header(), *r.Plan()
	plan.Payload = bytes.Clone(plan.Payload)
	f := &File{Header: &h, Plan: &plan, Metadata: container.Metadata{}, Worst: r.Worst()}
	for _, kind := range []container.Kind{container.ICC, container.EXIF, container.XMP, container.IPTC, container.PNG} {
		if p, err := r.Metadata(ctx, kind); p != nil || err != nil {
			require.NoError(t, err)
			f.Metadata[kind] = p
		}
	}
	for _, o := range r.Overviews() {
		s, err := r.Overview(o.Level)
		require.NoError(t, err)
		p, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
		require.NoError(t, err)
		f.Overviews = append(f.Overviews, container.Overview{Level: o.Level, File: p})
	}
	f.Fronts, f.Bodies = segments(t, r, container.Front), segments(t, r, container.Body)
	return f
}

// segments reads a part of every tile.
func segments(t testing.TB, r *container.Reader, part container.Part) [][]byte {
	t.Helper()
	var want []container.Want
	for i := range r.Header().Tiles() {
		want = append(want, container.Want{Tile: i, Part: part})
	}
	p, err := r.Segments(context.Background(), want)
	require.NoError(t, err)
	for i := range p {
		p[i] = bytes.Clone(p[i])
	}
	return p
}

// Bytes puts the file together.
func (f *File) Bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := container.NewWriter(&b, f.Header, f.Plan, f.Metadata)
	require.NoError(t, err)
	for i := range f.Fronts {
		require.NoError(t, w.WriteTile(i, f.Fronts[i], f.Bodies[i], f.Worst))
	}
	require.NoError(t, w.Close(f.Overviews))
	return b.Bytes()
}
