package jpeg

// kernel weighs the DC coefficients of the 5×5 blocks around one, row by row. The
// sum over 256 estimates a coefficient of that block.
type kernel [25]int32

func (k kernel) transposed() (t kernel) {
	for i, v := range k {
		t[i%5*5+i/5] = v
	}
	return t
}

// The kernels of libjpeg-turbo since version 2.1, after T.81 K.8, named by the row
// and the column of the coefficient.
var (
	kernel00 = kernel{
		-2, -6, -8, -6, -2,
		-6, 6, 42, 6, -6,
		-8, 42, 152, 42, -8,
		-6, 6, 42, 6, -6,
		-2, -6, -8, -6, -2,
	}
	kernel01 = kernel{
		-1, -1, 0, 1, 1,
		-3, 13, 0, -13, 3,
		-3, 38, 0, -38, 3,
		-3, 13, 0, -13, 3,
		-1, -1, 0, 1, 1,
	}
	kernel02 = kernel{
		0, 0, 0, 0, 0,
		0, 2, -5, 2, 0,
		1, 7, -14, 7, 1,
		0, 2, -5, 2, 0,
		0, 0, 0, 0, 0,
	}
	kernel11 = kernel{
		-1, 0, 0, 0, 1,
		0, 9, 0, -9, 0,
		0, 0, 0, 0, 0,
		0, -9, 0, 9, 0,
		1, 0, 0, 0, -1,
	}
	kernel03 = kernel{
		0, 0, 0, 0, 0,
		0, 1, 0, -1, 0,
		0, 2, 0, -2, 0,
		0, 1, 0, -1, 0,
		0, 0, 0, 0, 0,
	}
	kernel12 = kernel{
		0, 0, 0, 0, 0,
		0, 1, -3, 1, 0,
		0, 0, 0, 0, 0,
		0, -1, 3, -1, 0,
		0, 0, 0, 0, 0,
	}

	// kernelsDC are for components of which only the DC coefficients are known.
	kernelsDC = []kernel{
		kernel00, kernel01, kernel01.transposed(), kernel02.transposed(), kernel11,
		kernel02, kernel03, kernel12, kernel12.transposed(), kernel03.transposed(),
	}

	row01 = kernel{10: -7, 50, 0, -50, 7}
	row02 = kernel{10: -1, 13, -24, 13, -1}

	// kernelsAC are for the others, and leave the DC coefficient.
	kernelsAC = []kernel{1: row01, row01.transposed(), row02.transposed(), {
		0, -1, 0, 1, 0,
		-1, 10, 0, -10, 1,
		0, 0, 0, 0, 0,
		1, -10, 0, 10, -1,
		0, 1, 0, -1, 0,
	}, row02}
)

// smoothable reports whether the frame is progressive, all DC coefficients are
// known in part and some of the AC coefficients that can be estimated are not known
// in full.
func (d *decoder) smoothable() bool {
	if !d.Progressive {
		return false
	}
	useful := false
	for _, c := range d.comps {
		if c.quant == nil || c.precision[0] < 0 {
			return false
		}
		for k := range kernelsDC {
			if c.quant[k] == 0 {
				return false
			}
			useful = useful || k > 0 && c.precision[k] != 0
		}
	}
	return useful
}

// smoother estimates the first coefficients of the blocks of a row from the DC
// coefficients around them, block by block.
type smoother struct {
	c       *component
	kernels []kernel
	known   [64]int8 // the lowest bit that is known of each coefficient
	rows    [5][]block
	// window has the DC coefficients of rows, of two columns on either side.
	window [25]int32
	block  block
}

// newSmoother is for row y of the blocks of MCU row r.
func (d *decoder) newSmoother(c *component, r, y int) *smoother {
	s := &smoother{c: c, known: c.precision, kernels: kernelsDC}
	if r > d.lastGood { // the last scan does not reach here
		s.known = c.before
		if d.scans == 1 {
			for k := range s.known {
				s.known[k] = -1
			}
		}
	}
	for _, bit := range s.known[1:len(kernelsDC)] {
		if bit != -1 {
			s.kernels = kernelsAC
		}
	}
	s.rows = c.around(r, y, d.mcusY-1)
	for i, row := range s.rows {
		for x := range 5 {
			s.window[5*i+x] = int32(row[0].coef[0])
		}
	}
	return s
}

// around returns five rows of blocks of which the third is row y of MCU row r. Near
// the edges some are repeated, as libjpeg-turbo does it: where the second row away
// lies in the neighbouring MCU row and that is the last one, the first is taken.
func (c *component) around(r, y, last int) (rows [5][]block) {
	at := r*c.v + y
	row := func(i int) []block { return c.blocks[i*c.stride:][:c.blocksX] }
	inRow := min(c.v, c.blocksY-r*c.v)
	for i := range rows {
		rows[i] = row(at)
	}
	if y > 0 || r > 0 {
		rows[1], rows[0] = row(at-1), row(at-1)
	}
	if y > 1 || r > 1 {
		rows[0] = row(at - 2)
	}
	if y < inRow-1 || r < last {
		rows[3], rows[4] = row(at+1), row(at+1)
	}
	if y < inRow-2 || r+1 < last {
		rows[4] = row(at + 2)
	}
	return rows
}

// smooth returns block x of the row with estimates for coefficients that are 0 and
// not known in full. It must be called for each block in turn.
func (s *smoother) smooth(x int) *block {
	s.move(x)
	b := &s.rows[2][x]
	if s.flat() { // and so are the estimates
		return b
	}
	s.block = *b
	for k := 1; k < len(s.kernels); k++ {
		if bit := s.known[k]; bit != 0 && s.block.coef[k] == 0 {
			s.block.set(k, s.estimate(k, bit))
		}
	}
	if len(s.kernels) == len(kernelsDC) {
		s.block.coef[0] = int16(s.estimate(0, 0))
	}
	return &s.block
}

// move puts the window around block x. In components two blocks wide, libjpeg-turbo
// takes the first for the one beyond the second, and so does this.
func (s *smoother) move(x int) {
	last := s.c.blocksX - 1
	for i, row := range s.rows {
		w := (*[5]int32)(s.window[5*i:])
		if x > 0 {
			w[0], w[1], w[2], w[3] = w[1], w[2], w[3], w[4]
		} else if last > 0 {
			w[3] = int32(row[1].coef[0])
		}
		if x+1 < last {
			w[4] = int32(row[x+2].coef[0])
		}
	}
}

// flat reports whether all DC coefficients of the window are the same.
func (s *smoother) flat() bool {
	for _, v := range s.window {
		if v != s.window[0] {
			return false
		}
	}
	return true
}

// estimate gives the estimate of a coefficient, rounded to nearest and, where its
// bits from bit on are known to be 0, less than 1<<bit.
func (s *smoother) estimate(k int, bit int8) int32 {
	sum := int32(0)
	for i, v := range s.kernels[k] {
		sum += v * s.window[i]
	}
	n := int64(sum) * int64(s.c.quant[0])
	q := int64(s.c.quant[k])
	v := (q<<7 + max(n, -n)) / (q << 8)
	if bit > 0 {
		v = min(v, 1<<bit-1)
	}
	if n < 0 {
		v = -v
	}
	return int32(v)
}
