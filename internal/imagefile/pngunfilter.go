package imagefile

import "fmt"

// unfilter gives a row back that was filtered with a type (PNG 9.2); prev is the row
// above and pixel the bytes of a pixel.
func unfilter(kind byte, row, prev []byte, pixel int) error {
	switch kind {
	case filterNone:
	case filterSub:
		for i := pixel; i < len(row); i++ {
			row[i] += row[i-pixel]
		}
	case filterUp:
		prev = prev[:len(row)]
		for i := range row {
			row[i] += prev[i]
		}
	case filterAverage:
		prev = prev[:len(row)]
		for i := range min(pixel, len(row)) {
			row[i] += prev[i] / 2
		}
		for i := pixel; i < len(row); i++ {
			row[i] += byte((int(row[i-pixel]) + int(prev[i])) / 2)
		}
	case filterPaeth:
		for c := range min(pixel, len(row)) {
			unpaeth(row[c:], prev[c:len(row)], pixel)
		}
	default:
		return fmt.Errorf("filter type %d: expected 0 to %d", kind, filterTypes-1)
	}
	return nil
}

// unpaeth undoes the filter Paeth for one byte of each pixel. Its neighbours stay in
// registers, which makes the most of a chain in which each byte waits for the last.
func unpaeth(row, prev []byte, pixel int) {
	left, corner := 0, 0
	for i := 0; i < len(row); i += pixel {
		up := int(prev[i])
		pa, pb := up-corner, left-corner
		pc := abs(pa + pb)
		pa, pb = abs(pa), abs(pb)
		p := left
		if pb < pa {
			p, pa = up, pb
		}
		if pc < pa {
			p = corner
		}
		left, corner = int(row[i]+byte(p)), up
		left &= 0xff
		row[i] = byte(left)
	}
}
