package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
)

// Uses tells which Options can make a difference, to a file or to how it is made.
type Uses struct {
	Chroma, Split, Effort, Backend bool
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
