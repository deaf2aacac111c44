package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
)

// Uses tells which Options can make a difference, to a file or to how it is made.
type Uses struct {
	Chroma, Split, Tune, Effort, Backend bool
}

// Need is about how many bytes an encode of src takes with one goroutine, where Memory does
// not bound it: more goroutines are of use with more of Memory alone. It reads no samples.
// Its error is the one of EncodeRaster.
func (o *Options) Need(src raster.Source) (int64, error) {
	p, err := o.accepted(src)
	if err != nil {
		return 0, public(err)
	}
	return pipeline.Need(&p, o.Engine.id()), nil
}

// Uses tells which options the engines have a use for that may code src, whatever its
// samples are: it reads none. Its error is the one of EncodeRaster.
func (o *Options) Uses(src raster.Source) (Uses, error) {
	p, err := o.accepted(src)
	if err != nil {
		return Uses{}, public(err)
	}
	return Uses(pipeline.Uses(&p, o.Engine.id())), nil
}
