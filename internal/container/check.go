package container

import (
	"context"
	"encoding/binary"
)

// checkAtOnce is the number of groups whose chunk heads Check reads at once.
const checkAtOnce = 256

// CheckMetadata reads all ancillary chunks for errors, of unknown types too, since damage
// to a type makes a known chunk an unknown one.
func (r *Reader) CheckMetadata(ctx context.Context) error {
	for _, c := range r.ancillary {
		if err := c.check(ctx, r.in); err != nil {
			return err
		}
	}
	return nil
}

// Check reads all that no decoding reads, for errors: ancillary chunks, the OVERs, and the
// types and lengths of FRNT and BODY. With it and all segments every byte is covered.
// Where Partial found no end, it says why.
func (r *Reader) Check(ctx context.Context) error {
	if err := r.CheckMetadata(ctx); err != nil {
		return err
	}
	for from := 0; from < len(r.root.groups); from += checkAtOnce {
		to := min(from+checkAtOnce, len(r.root.groups))
		if err := r.checkHeads(ctx, r.root.groups[from:to]); err != nil {
			return err
		}
	}
	for _, o := range r.root.overs {
		if err := r.checkOver(ctx, o); err != nil {
			return err
		}
	}
	return r.ended
}

// checkHeads checks the heads of FRNT and BODY as far as the input reaches.
func (r *Reader) checkHeads(ctx context.Context, groups []group) error {
	var chunks []*chunk
	for i := range groups {
		g := &groups[i]
		if g.front >= 0 {
			chunks = append(chunks, g.frontChunk())
		}
		if g.front >= 0 && g.body >= 0 {
			chunks = append(chunks, g.bodyChunk())
		}
	}
	return r.verify(ctx, chunks)
}

// verify checks the heads of chunks.
func (r *Reader) verify(ctx context.Context, chunks []*chunk) error {
	var heads []Range
	for _, c := range chunks {
		heads = append(heads, c.head())
	}
	data, err := r.in.read(ctx, heads)
	if err != nil {
		return err
	}
	for i, c := range chunks {
		if r.partial && int64(len(data[i])) < heads[i].Length {
			continue
		}
		if err := c.verify(data[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) checkOver(ctx context.Context, o over) error {
	if err := r.verify(ctx, []*chunk{o.chunk}); err != nil {
		return err
	}
	want := binary.AppendUvarint(nil, uint64(o.level))
	p, err := r.in.one(ctx, Range{o.payload, int64(len(want))})
	if err != nil {
		return err
	}
	if string(p) != string(want) {
		return malformed(o.off, "chunk %s of level % x, expected % x as in %s", typeOver, p, want, typeRoot)
	}
	return o.check(ctx, r.in)
}
