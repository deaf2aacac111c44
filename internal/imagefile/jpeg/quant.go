package jpeg

// lumaSteps and chromaSteps are the quantisation tables of T.81 K.1, row by row.
var lumaSteps = [64]uint8{
	16, 11, 10, 16, 24, 40, 51, 61,
	12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56,
	14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77,
	24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101,
	72, 92, 95, 98, 112, 100, 103, 99,
}

var chromaSteps = [64]uint8{
	17, 18, 24, 47, 99, 99, 99, 99,
	18, 21, 26, 66, 99, 99, 99, 99,
	24, 26, 56, 99, 99, 99, 99, 99,
	47, 66, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
}

// scaled scales a table to a quality as libjpeg does, in zigzag order: 50 leaves it,
// 100 gives steps of 1, and below 50 the steps grow as 1/quality. The limit of 255
// is baseline's.
func scaled(table *[64]uint8, quality int) (steps [64]uint16) {
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	for k, at := range zigzag {
		steps[k] = uint16(min(max((int(table[at])*percent+50)/100, 1), 255))
	}
	return steps
}

// quantiser divides coefficients by the steps of a table, in zigzag order.
type quantiser struct {
	steps [64]uint16
	// inverse is 2³²/(8·step), rounded up. The transform leaves a factor of 8 and
	// less than 2¹⁵; the error of the inverse, less than 2⁻³², is too small to
	// matter for such numbers.
	inverse [64]uint32
}

func newQuantiser(steps [64]uint16) *quantiser {
	q := &quantiser{steps: steps}
	for k, step := range steps {
		d := 8 * uint64(step)
		q.inverse[k] = uint32((1<<32 + d - 1) / d)
	}
	return q
}

// quantise sets the coefficients of b from transformed samples, row by row.
func (q *quantiser) quantise(b *block, ws *[64]int32) {
	nonzero := uint64(0)
	for k, at := range zigzag {
		v := q.divide(k, ws[at&63])
		b.coef[k] = v
		if v != 0 {
			nonzero |= 1 << k
		}
	}
	b.nonzero = nonzero &^ 1
}

// divide rounds to nearest, and halves away from 0.
func (q *quantiser) divide(k int, v int32) int16 {
	sign := v >> 31
	magnitude := uint64((v^sign)-sign) + 4*uint64(q.steps[k])
	n := int32(magnitude * uint64(q.inverse[k]) >> 32)
	return int16((n ^ sign) - sign)
}
