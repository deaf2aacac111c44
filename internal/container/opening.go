package container

import (
	"bytes"
	"context"
	"math"
)

// Opening is the beginning of a file, up to its first INDX: all that is known of it
// before its tiles.
func Opening(h *Header, p *Plan, m Metadata) ([]byte, error) {
	if h.Place != nil {
		whole, place := *h, *h.Place
		place.Plan = PlanHash(h, p)
		whole.Place = &place
		h = &whole
	}
	if err := validate(h, p, m); err != nil {
		return nil, err
	}
	b := append([]byte(Magic), Version)
	b = appendChunk(b, typeHead, h.append(nil))
	b = appendChunk(b, typePlan, p.append(nil))
	if bands := appendBands(h.Bands); len(bands) > 0 {
		b = appendChunk(b, typeBand, bands)
	}
	if h.Place != nil {
		b = appendChunk(b, typePlace, h.Place.append(nil))
	}
	for _, kind := range kinds {
		if p := m[kind]; len(p) > 0 {
			b = appendChunk(b, string(kind), p)
		}
	}
	return b, nil
}

// ParseOpening is the inverse of Opening, with Open's errors.
func ParseOpening(b []byte) (*Header, *Plan, Metadata, error) {
	data := appendChunk(bytes.Clone(b), typeIndex, nil)
	r := newReader(bytes.NewReader(data), int64(len(data)))
	ctx := context.Background()
	s := &scanner{input: r.in, ctx: ctx}
	if err := r.readHead(s, math.MaxInt64); err != nil {
		return nil, nil, nil, err
	}
	if s.off != int64(len(b)) {
		return nil, nil, nil, malformed(s.off, "chunk %s, expected the end", typeIndex)
	}
	m := Metadata{}
	for kind := range r.metadata {
		p, err := r.Metadata(ctx, kind)
		if err != nil {
			return nil, nil, nil, err
		}
		m[kind] = p
	}
	return r.header, r.plan, m, nil
}
