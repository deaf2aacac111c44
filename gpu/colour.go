//go:build cgo && linux && gpu && egl

package gpu

import (
	"github.com/go-gl/gl/v4.3-core/gl"

	"github.com/qtgpu/qtgpu/chroma"
)

// maxStep is the largest step in bytes that is uploaded as it is: RGBA in 16 bits.
const maxStep = 8

// tight copies the samples of m without what lies between them.
func tight(m *chroma.Interleaved) *chroma.Interleaved {
	t := *m
	t.Step = m.Channels * m.Depth / 8
	t.Stride = m.W * t.Step
	t.Pix = make([]byte, m.H*t.Stride)
	for y := range m.H {
		for x := range m.W {
			copy(t.Pix[y*t.Stride+x*t.Step:][:t.Step], m.Pix[y*m.Stride+x*m.Step:])
		}
	}
	return &t
}

// rowBytes is the length of w pixels of m, from the first to the last sample.
func rowBytes(m *chroma.Interleaved, w int) int { return (w-1)*m.Step + m.Channels*m.Depth/8 }

// devicePitch is the distance of the rows of w pixels of m on the device: as they lie
// in m, if a copy at once takes little more than the samples.
func devicePitch(m *chroma.Interleaved, w int) int {
	row := rowBytes(m, w)
	if m.Stride <= row+row/8 {
		return m.Stride
	}
	return row
}

// overread is the bytes past the last pixel that the shader may read.
const overread = 16

// upload copies the pixels of m to the device and returns the pitch.
func (b *backend) upload(m *chroma.Interleaved) (int, error) {
	pitch, row := devicePitch(m, m.W), rowBytes(m, m.W)
	if err := b.source.reserve(pitch*m.H + overread); err != nil {
		return 0, err
	}
	if pitch == m.Stride {
		write(&b.source, 0, m.Pix[:(m.H-1)*pitch+row])
		return pitch, nil
	}
	for y := range m.H {
		write(&b.source, y*pitch, m.Pix[y*m.Stride:][:row])
	}
	return pitch, nil
}

// colourStage is the name of the stage and of its dispatch.
const colourStage = "colour"

// colour is the stage colour: it fills the samples of all planes, padding
// included, from the pixels that were uploaded.
func (b *backend) colour(planes []plane, m *chroma.Interleaved, pitch int, sub420 bool) error {
	p := program{file: "colour.comp", channels: m.Channels, depth: m.Depth, sub420: sub420 && m.Channels >= 3}
	if err := b.use(p); err != nil {
		return err
	}
	bind(sourceBinding, &b.source)
	for i := range planes {
		bind(planeBinding+i, planes[i].pix)
	}
	full := planes[0]
	w, h := full.w, full.h
	gl.Uniform2i(sizeLocation, int32(m.W), int32(m.H))
	gl.Uniform2ui(stridesLocation, uint32(m.Step), uint32(pitch))
	gl.Uniform2i(fullLocation, int32(w), int32(h))
	if p.sub420 {
		half := planes[1]
		gl.Uniform2i(halfLocation, int32(half.w), int32(half.h))
		w, h = max(w, 2*half.w), max(h, 2*half.h)
	}
	if err := b.dispatch((w+3)/4, (h+1)/2); err != nil {
		return err
	}
	b.endDispatch(colourStage)
	return nil
}
