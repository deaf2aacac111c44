package gpu

import "github.com/qtgpu/qtgpu/tree"

// modelWords lays out what the shaders know of a model, for leaves of one level, as works.glsl has it.
func modelWords(m *tree.Model, level int) (words []uint32) {
	size := level - tree.Base
	reciprocal := (1<<32 + uint64(m.Step) - 1) / uint64(m.Step) // of products of 64 bits, exact up to 2^20
	for _, v := range []int{m.Step, int(reciprocal), m.Least, m.Bit, m.Escape, m.Cap, m.Typical, m.Shift1, m.Shift2, m.Parts} {
		words = append(words, uint32(v))
	}
	words = append(words, uint32(m.Doubt[size]), uint32(m.Doubt[size]>>32))
	for i := range m.Last[size] {
		words = appendWords(words, m.Last[size][i][:])
	}
	for i := range m.Levels[size] {
		for j := range m.Levels[size][i] {
			words = appendWords(words, m.Levels[size][i][j][:])
		}
	}
	words = appendWords(words, m.Magnitude[:])
	for i := range m.Levels[size] {
		for _, class := range m.Magnitude {
			words = append(words, uint32(m.Levels[size][i][class][0]))
		}
	}
	for d, g := range m.Group[size] {
		words = append(words, uint32(g)|uint32(m.Frequency[size][d])<<8)
	}
	words = appendWords(words, m.Means[size])
	f := &m.Forecast[size]
	words = append(words, uint32(f.Spread), uint32(f.Each), uint32(f.Once))
	words = appendWords(appendWords(words, f.Fine[:]), f.Whole[:])
	return appendWords(appendWords(words, f.Through[:]), m.Logs[:1<<(2*level)+1])
}

func appendWords[T int32 | uint16 | uint8](words []uint32, v []T) []uint32 {
	for _, x := range v {
		words = append(words, uint32(x))
	}
	return words
}
