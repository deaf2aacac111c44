package ccitt

import "strings"

// bitmap has a byte for a pixel, 1 in black ones.
type bitmap struct {
	w, h int
	pix  []byte
}

func newBitmap(w, h int, black func(x, y int) bool) bitmap {
	m := bitmap{w, h, make([]byte, w*h)}
	for i := range m.pix {
		if black(i%w, i/w) {
			m.pix[i] = 1
		}
	}
	return m
}

func (m bitmap) row(y int) []byte {
	if y < 0 {
		return make([]byte, m.w)
	}
	return m.pix[y*m.w:][:m.w]
}

// packed is what Reader gives.
func (m bitmap) packed() []byte {
	stride := (m.w + 7) / 8
	out := make([]byte, stride*m.h)
	for i, p := range m.pix {
		out[i/m.w*stride+i%m.w/8] |= p << (7 - i%m.w%8)
	}
	return out
}

// coding is a way to code a bitmap; k is how many rows follow each other with
// one that is coded by itself at their head, as in T.4, section 4.2.2.
type coding struct {
	Options
	k                 int
	eol, fill, noHead bool // noHead leaves out the first EOL
}

// encode codes a bitmap as the text of the standard reads, with ones and zeros
// as characters.
func (c coding) encode(m bitmap) []byte {
	var b strings.Builder
	for y := range m.h {
		tagged := c.Mode == Group3 && c.TwoDimensional
		byAbove := c.Mode == Group4 || tagged && y%c.k != 0
		if c.eol && (y > 0 || !c.noHead) {
			for c.fill && (b.Len()+eolBits)%8 != 0 {
				b.WriteByte('0')
			}
			b.WriteString("000000000001")
		}
		if tagged {
			b.WriteByte("10"[btoi(byAbove)])
		}
		if byAbove {
			encode2D(&b, m.row(y-1), m.row(y))
		} else {
			encode1D(&b, m.row(y))
		}
		for c.Mode == RLE && b.Len()%8 != 0 {
			b.WriteByte('0')
		}
	}
	switch {
	case c.Mode == Group4:
		b.WriteString("000000000001000000000001")
	case c.eol && c.TwoDimensional:
		b.WriteString(strings.Repeat("0000000000011", 6))
	case c.eol:
		b.WriteString(strings.Repeat("000000000001", 6))
	}
	return pack(b.String())
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pack makes bytes of ones and zeros, other characters apart.
func pack(bits string) []byte {
	bits = strings.ReplaceAll(bits, " ", "")
	out := make([]byte, (len(bits)+7)/8)
	for i, bit := range bits {
		out[i/8] |= byte(bit-'0') << (7 - i%8)
	}
	return out
}

// change is the first pixel from x on whose colour differs from c.
func change(row []byte, x int, c byte) int {
	for x < len(row) && row[x] == c {
		x++
	}
	return x
}

func encode1D(b *strings.Builder, row []byte) {
	for x, c := 0, byte(0); x < len(row); c ^= 1 {
		end := change(row, x, c)
		encodeRun(b, c, end-x)
		x = end
	}
}

var (
	terminatingCodes = [2][]string{strings.Fields(whiteTerminating), strings.Fields(blackTerminating)}
	makeUpCodes      = [2][]string{strings.Fields(whiteMakeUp + longMakeUp), strings.Fields(blackMakeUp + longMakeUp)}
	modeNames        = strings.Fields(modeCodes)
)

func encodeRun(b *strings.Builder, c byte, n int) {
	for ; n >= 2560+64; n -= 2560 {
		b.WriteString(makeUpCodes[c][2560/64-1])
	}
	if n >= 64 {
		b.WriteString(makeUpCodes[c][n/64-1])
	}
	b.WriteString(terminatingCodes[c][n%64])
}

// encode2D follows the steps of T.4, section 4.2.1.3.2.
func encode2D(b *strings.Builder, above, row []byte) {
	for a0, c := -1, byte(0); a0 < len(row); {
		a1 := change(row, max(a0, 0), c)
		b1 := nextChange(above, a0, c)
		b2 := change(above, b1, c^1)
		switch d := a1 - b1; {
		case b2 < a1:
			b.WriteString(modeNames[pass])
			a0 = b2
		case -3 <= d && d <= 3:
			b.WriteString(modeNames[vertical+3+d])
			a0, c = a1, c^1
		default:
			a2 := change(row, a1, c^1)
			b.WriteString(modeNames[horizontal])
			encodeRun(b, c, a1-max(a0, 0))
			encodeRun(b, c^1, a2-a1)
			a0 = a2
		}
	}
}

// nextChange is the first pixel right of a0 whose colour is not c and differs
// from the pixel before it, which is white before the first.
func nextChange(row []byte, a0 int, c byte) int {
	for x := a0 + 1; x < len(row); x++ {
		before := byte(0)
		if x > 0 {
			before = row[x-1]
		}
		if row[x] != c && before == c {
			return x
		}
	}
	return len(row)
}
