package pipeline

import (
	"context"
	"fmt"
	"image"
	"io"
	"slices"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// NewEncoder codes by a plan that was made before.
func NewEncoder(p *engine.Plan, env *engine.Env) (engine.Encoder, error) {
	e, err := byID(p.Engine, &p.Format)
	if err != nil {
		return nil, err
	}
	if err := e.Accepts(&p.Params); err != nil {
		return nil, err
	}
	return e.NewEncoder(p, env)
}

// PlanHash is the hash of a plan.
func PlanHash(p *engine.Plan) [32]byte { return container.PlanHash(HeaderOf(p), containerPlan(p)) }

func containerPlan(p *engine.Plan) *container.Plan {
	return &container.Plan{Engine: uint64(p.Engine), Payload: p.Payload}
}

// Opening is the beginning of a file of a plan, up to its first index.
func Opening(p *engine.Plan, m container.Metadata) ([]byte, error) {
	return container.Opening(HeaderOf(p), containerPlan(p), m)
}

// ParseOpening gives the plan and the metadata back, but for what only encoders need.
func ParseOpening(b []byte) (*engine.Plan, container.Metadata, error) {
	h, p, m, err := container.ParseOpening(b)
	if err != nil {
		return nil, nil, err
	}
	return planOf(h, p), m, nil
}

// WritePart codes some rows of tiles of src by the plan of enc and writes them as a file of
// their own, which says where in the whole they belong.
func WritePart(ctx context.Context, w io.Writer, enc engine.Encoder, src raster.Source, rows Rows, j *Job) error {
	plan := enc.Plan()
	grid := plan.Grid()
	if rows.Min < 0 || rows.Min >= rows.Max || rows.Max > grid.Down() {
		return fmt.Errorf("rows of tiles %d to %d, expected some of 0 to %d", rows.Min, rows.Max-1, grid.Down()-1)
	}
	h := HeaderOf(plan)
	h.Place = &container.Place{FirstRow: rows.Min, Height: h.Height}
	h.Height = grid.Pixels(image.Rect(0, rows.Min, 1, rows.Max)).Dy()
	file, err := container.NewWriter(w, h, containerPlan(plan), j.Metadata)
	if err != nil {
		return err
	}
	out := partWriter{file, rows.Min * grid.Across()}
	if _, err := Encode(ctx, enc, src, rows, out, j.Env.Workers, j.Env.Memory, j.Env.Work); err != nil {
		return err
	}
	return file.Close(nil)
}

// partWriter numbers tiles as in the part.
type partWriter struct {
	*container.Writer
	first int
}

// WriteTile implements Writer.
func (p partWriter) WriteTile(tile int, overview, detail []byte, worst []uint64) error {
	return p.Writer.WriteTile(tile-p.first, overview, detail, worst)
}

// Merge writes the file of which the parts are all parts, in any order: the one that Write
// makes of the whole. It copies segments, and holds what Write holds.
func Merge(ctx context.Context, w io.Writer, parts []*container.Reader, env *engine.Env) error {
	parts = slices.Clone(parts)
	h, err := whole(parts)
	if err != nil {
		return err
	}
	first := parts[0]
	meta, err := metadataOf(ctx, first)
	if err != nil {
		return err
	}
	file, err := container.NewWriter(w, h, first.Plan(), meta)
	if err != nil {
		return err
	}
	out, err := newFileWriter(file, h, planOf(h, first.Plan()))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := copyTiles(ctx, out, p); err != nil {
			return fmt.Errorf("part of row %d: %w", p.Header().Place.FirstRow, err)
		}
	}
	return out.close(ctx, env)
}

// whole sorts parts by their place, checks that they are parts of the same whole and
// cover it, and gives its header.
func whole(parts []*container.Reader) (*container.Header, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("no parts, expected some")
	}
	for i, p := range parts {
		if p.Header().Place == nil {
			return nil, fmt.Errorf("file %d of %d is not a part, expected one that says its place", i+1, len(parts))
		}
	}
	slices.SortFunc(parts, func(a, b *container.Reader) int { return a.Header().Place.FirstRow - b.Header().Place.FirstRow })
	place := parts[0].Header().Place
	h := parts[0].Header().Whole()
	next := 0
	for _, p := range parts {
		at := p.Header().Place
		switch {
		case at.Plan != place.Plan:
			return nil, fmt.Errorf("part of row %d is of another plan, %x, expected %x", at.FirstRow, at.Plan[:4], place.Plan[:4])
		case at.FirstRow < next:
			return nil, fmt.Errorf("row of tiles %d comes twice, expected each once", at.FirstRow)
		case at.FirstRow > next:
			return nil, missingRows(next, at.FirstRow)
		}
		_, down := p.Header().Grid()
		next += down
	}
	if _, down := h.Grid(); next < down {
		return nil, missingRows(next, down)
	}
	return h, nil
}

// missingRows says that no part has the rows of tiles from first on, before end.
func missingRows(first, end int) error {
	if end-first == 1 {
		return fmt.Errorf("row of tiles %d is missing", first)
	}
	return fmt.Errorf("rows of tiles %d to %d are missing", first, end-1)
}

// metadataOf reads all metadata of a file.
func metadataOf(ctx context.Context, f *container.Reader) (container.Metadata, error) {
	m := container.Metadata{}
	for _, kind := range container.Kinds() {
		p, err := f.Metadata(ctx, kind)
		if err != nil {
			return nil, err
		}
		m[kind] = p
	}
	return m, nil
}

// copyTiles copies the segments of a part.
func copyTiles(ctx context.Context, out *fileWriter, p *container.Reader) error {
	h := p.Header()
	across, down := h.Grid()
	first := h.Place.FirstRow * across
	worst := p.Worst()
	wants := make([]container.Want, 0, 2*across)
	for y := range down {
		wants = wants[:0]
		for x := range across {
			i := y*across + x
			wants = append(wants, container.Want{Tile: i, Part: container.Front}, container.Want{Tile: i, Part: container.Body})
		}
		segments, err := p.Segments(ctx, wants)
		if err != nil {
			return firstOf(err)
		}
		for x := range across {
			if err := out.WriteTile(first+y*across+x, segments[2*x], segments[2*x+1], worst); err != nil {
				return err
			}
		}
	}
	return nil
}
