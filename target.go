package qtgpu

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"unsafe"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// ReadImage decodes the pixels of dst.Bounds(), in pixels of the level, into dst, which is
// of the type that [Reader.DecodeRegion] returns; another one is an error that names it.
// An *image.Paletted gets the palette of the file. After an error dst has any pixels.
func (r *Reader) ReadImage(ctx context.Context, dst draw.Image, level int) error {
	if err := r.checkRegion(dst.Bounds(), level); err != nil {
		return public(err)
	}
	t, err := newTarget(dst, &r.plan.Format)
	if err != nil {
		return public(err)
	}
	if err := r.ReadBlock(ctx, t.block, level); err != nil {
		return err
	}
	t.finish()
	return nil
}

// target is an image of the caller's that takes samples.
type target struct {
	block  *raster.Block
	pix    []byte
	stride int   // bytes of a row
	step   int   // samples of a pixel
	bands  []int // which of them each band is
}

// newTarget takes an image for samples of a format.
func newTarget(dst draw.Image, f *raster.Format) (*target, error) {
	if err := checkImage(f); err != nil {
		return nil, err
	}
	want := imageFor(f)
	if _, ok := want.(*imagefile.Image); ok {
		return nil, &container.UnsupportedError{What: "samples that no image of package image holds; ReadBlock gives them"}
	}
	if found, expected := fmt.Sprintf("%T", dst), fmt.Sprintf("%T", want); found != expected {
		return nil, fmt.Errorf("image of type %s, expected %s", found, expected)
	}
	t := &target{step: len(f.Bands), bands: []int{0, 1, 2, 3}[:len(f.Bands)]}
	switch t.step {
	case 2:
		t.step, t.bands = 4, []int{0, 3} // gray, which finish repeats
	case 3:
		t.step = 4
	}
	switch m := dst.(type) {
	case *image.Gray:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.Gray16:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.RGBA:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.RGBA64:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.NRGBA:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.NRGBA64:
		t.pix, t.stride = m.Pix, m.Stride
	case *image.Paletted:
		t.pix, t.stride, m.Palette = m.Pix, m.Stride, f.Palette
	}
	return t, t.lay(dst.Bounds(), f)
}

// imageFor is an image of a pixel of the type that samples are decoded to.
func imageFor(f *raster.Format) image.Image {
	if f.Palette != nil {
		return &image.Paletted{}
	}
	pixel := *f
	pixel.Width, pixel.Height = 1, 1
	return std(imagefile.NewFor(&pixel, true))
}

// lay makes the block of the pixels of r, which lies inside a level.
func (t *target) lay(r image.Rectangle, f *raster.Format) error {
	size := f.Type.Size()
	row := int64(r.Dx()) * int64(t.step*size)
	least := (int64(r.Dy())-1)*int64(t.stride) + row
	switch {
	case int64(t.stride) < row || least > int64(len(t.pix)):
		return fmt.Errorf("image of bounds %v with %d bytes in rows of %d, expected %d in rows of at least %d", r, len(t.pix), t.stride, least, row)
	case t.stride%size != 0 || uintptr(unsafe.Pointer(&t.pix[0]))%uintptr(size) != 0:
		return fmt.Errorf("image of bounds %v whose samples of %d bytes lie at odd places", r, size)
	}
	t.block = &raster.Block{Rect: r, Type: f.Type, Step: t.step, Stride: t.stride / size}
	for _, c := range t.bands {
		t.block.Planes = append(t.block.Planes, t.pix[c*size:])
	}
	return nil
}

// finish completes the pixels: what the file has no band for, and the byte order of package
// image.
func (t *target) finish() {
	size := t.block.Type.Size()
	pixel := t.step * size
	for y := range t.block.Rect.Dy() {
		row := t.pix[y*t.stride:][:t.block.Rect.Dx()*pixel]
		for x := 0; x < len(row); x += pixel {
			switch p := row[x:][:pixel]; {
			case t.step == len(t.bands):
			case len(t.bands) == 2: // red is gray: so are green and blue
				copy(p[size:], p[:size])
				copy(p[2*size:], p[:size])
			default:
				for i := range p[3*size:] {
					p[3*size+i] = 255
				}
			}
		}
		if size == 2 {
			for x := 0; x < len(row); x += 2 {
				binary.BigEndian.PutUint16(row[x:], binary.NativeEndian.Uint16(row[x:]))
			}
		}
	}
}
