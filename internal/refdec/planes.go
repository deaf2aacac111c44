//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import "fmt"

// plane is a plane of the transform engine with its padding; leaf, last, q, shown, strength,
// kappa and mode are by cell.
type plane struct {
	kind, w, h    int // without the padding
	stride, rows  int
	pix           []int32
	cells         int   // across
	leaf, last, q []int // log2 of the leaf's side, its last group, the value of the front image
	shown         []int // what level 3 has for q
	strength      []int // of restoration
	kappa         []int // which κ luma guides with
	mode          []int // of prediction
	class         []int // the step class
	multipliers   []int // of steps by class, nil for none
	times         int   // the step in steps of the plan where there are none
}

func newPlane(kind, w, h int) *plane {
	p := &plane{kind: kind, w: w, h: h, stride: int(padded(w)), rows: int(padded(h))}
	p.pix = make([]int32, p.stride*p.rows)
	p.cells = p.stride / 8
	n := len(p.pix) / 64
	p.leaf, p.last, p.q, p.shown, p.strength = make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	p.kappa, p.mode = make([]int, n), make([]int, n)
	p.class, p.times = make([]int, n), 1
	return p
}

// at is the sample at (x,y).
func (p *plane) at(x, y int) int { return int(p.pix[y*p.stride+x]) }

// newPlanes are the planes of an image of w×h pixels, empty.
func (h *Header) newPlanes(width, height int) []*plane {
	planes := make([]*plane, h.NumBands())
	for i := range planes {
		planes[i] = newPlane(0, width, height)
		if h.NumBands() >= 3 && (i == 1 || i == 2) {
			s := h.Subsampling
			planes[i] = newPlane(1, (width+s)>>s, (height+s)>>s)
		}
	}
	if h.Classes {
		h.classify(planes)
	}
	return planes
}

// part is what a tile covers of a plane; x, y, w, h are in cells.
type part struct {
	*plane
	relations
	predicted  bool // leaves have modes
	step       int
	x, y, w, h int
}

// parts are what a tile covers of each plane.
func (h *Header) parts(planes []*plane, tile int) []part {
	across, _ := h.grid()
	parts := make([]part, len(planes))
	for i, p := range planes {
		side := h.tileSide() / 8
		if p.kind == 1 {
			side >>= h.Subsampling
		}
		t := part{plane: p, predicted: h.Predicted, step: h.Step, x: tile % across * side, y: tile / across * side}
		t.w, t.h = min(side, p.cells-t.x), min(side, p.rows/8-t.y)
		parts[i] = t
	}
	return parts
}

// cell is the index of cell (x,y) of the tile in the plane.
func (t *part) cell(x, y int) int { return (t.y+y)*t.cells + t.x + x }

// checkFronts refuses front segments that are shorter than any front image (FORMAT.md,
// "Errors").
func (f *File) checkFronts() error {
	if f.Engine == Predictive {
		return nil
	}
	for i, front := range f.Fronts {
		if f.masks() {
			if len(front) == 0 || front[0] != 0 {
				continue
			}
			front = front[1:]
		}
		_, _, w, h := f.tileSize(i)
		cells := int64(0)
		for c := range f.NumBands() {
			s := 0
			if f.NumBands() >= 3 && (c == 1 || c == 2) {
				s = f.Subsampling
			}
			cells += padded((w+s)>>s) * padded((h+s)>>s) / 64
		}
		if cells > 1024*int64(len(front)) {
			return fmt.Errorf("Errors: tile %d has %d cells and a front segment of %d bytes, expected at most 1024 cells a byte", i, cells, len(front))
		}
	}
	return nil
}

// lossyTile decodes a tile into its parts of the planes, or its front image alone.
func (h *Header) lossyTile(codes Codes, parts []part, tables [][16]int, front, body []byte, overview bool) error {
	s, err := codes.Symbols(front, tables, 0)
	if err != nil {
		return fmt.Errorf("front segment: %w", err)
	}
	for i := range parts {
		parts[i].readFront(s)
	}
	if h.Alpha() == Straight {
		h.readRims(parts, s)
	}
	if err := s.Finish(); err != nil {
		return fmt.Errorf("front segment: %w", err)
	}
	if overview {
		return nil
	}
	if s, err = codes.Symbols(body, tables, 0); err != nil {
		return fmt.Errorf("body segment: %w", err)
	}
	h.relate(parts)
	for i := range parts {
		parts[i].readQuadtrees(s)
	}
	for i := range parts {
		if h.Restored && h.filtered(i) {
			parts[i].fill(parts[i].strength, int(s.Raw(2)))
		}
	}
	for i := range parts {
		if h.Guided && parts[i].kind == 1 {
			parts[i].fill(parts[i].kappa, int(s.Raw(2)))
		}
	}
	if err := s.Finish(); err != nil {
		return fmt.Errorf("body segment: %w", err)
	}
	return nil
}
