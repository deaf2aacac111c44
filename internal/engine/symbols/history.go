package symbols

// history remembers what followed a neighbourhood: the position after the same
// wide neighbourhood, to repeat what stood there for as long as it predicts
// well (glyphs, tiles), and the symbol after the same narrow one.
type history struct {
	pix        []uint32 // the tile, row by row
	tableShift int      // from a hash to an index of the tables
	wide       []int32  // position + 1, 0 for none
	narrow     []uint32 // symbol + 1, 0 for none; 2^32−1 is not remembered

	source int // position that is being repeated, −1 for none
	length int // symbols that it has predicted
}

func newHistory(pix []uint32, lg int) history {
	return history{
		pix: pix, tableShift: 32 - lg, wide: make([]int32, 1<<lg), narrow: make([]uint32, 1<<lg), source: -1,
	}
}

// find looks for a position to repeat at pos, unless one is being repeated.
func (h *history) find(pos int, wide uint32) {
	e := &h.wide[wide>>h.tableShift]
	if h.source < 0 {
		h.source = int(*e) - 1
	}
	*e = int32(pos) + 1
}

// follow goes on repeating where v was predicted.
func (h *history) follow(v uint32) {
	if h.source >= 0 && h.pix[h.source] == v {
		h.source++
		h.length++
		return
	}
	h.stop()
}

func (h *history) stop() { h.source, h.length = -1, 0 }

// confidence is 0 where nothing is repeated, else 1 to 23 by the length.
func (h *history) confidence() uint32 {
	switch {
	case h.source < 0:
		return 0
	case h.length < 16:
		return 1 + uint32(h.length)
	default:
		return 17 + uint32(min(h.length/16, 6))
	}
}
