// Package qtgpu encodes and decodes .qtg files: images and other rasters, without loss or
// within a threshold that the encoder has verified and the file states. Any region at any
// level of detail is read from a file without the rest.
//
// # Images
//
// [Encode] takes an image and [Options]; with T = 0, the zero value, nothing is lost.
// [Decode] gives it back. Importing the package registers the format, so that image.Decode
// reads it too.
//
//	err := qtgpu.Encode(ctx, w, img, &qtgpu.Options{T: 10})
//	img, err := qtgpu.Decode(r)
//
// # Parts of large files
//
// [NewReader] opens a file for random access, on disk or far away. Level l has 1/2^l of the
// resolution.
//
//	r, err := qtgpu.NewReader(ctx, file, size, nil)
//	overview, err := r.DecodeRegion(ctx, image.Rectangle{Max: r.Size(3)}, 3)
//	crop, err := r.DecodeRegion(ctx, image.Rect(512, 512, 1024, 1024), 0)
//
// # Rasters
//
// Integers and floating-point numbers, in any number of bands and larger than memory, go in
// by [EncodeRaster], from a [raster.Source], and out by [Reader.Copy], to a [raster.Sink], or
// by [Reader.ReadBlock], into memory of the caller's.
//
//	err := qtgpu.EncodeRaster(ctx, w, src, &qtgpu.Options{T: 0.01})
//	err := r.Copy(ctx, sink, r.Level(0).Format().Bounds(), 0)
//
// Where rows come one after the other, [NewEncoder] takes them and [NewDecoder] gives them,
// on an io.Writer and an io.Reader. [NewPlan], [Plan.EncodePart] and [Merge] divide the
// encoding of one file among processes.
//
// # The promise
//
// With [BoundMax] no sample is off by more than T. With [BoundRMS], which [BoundAuto] takes
// for photographs of 8 bits, no leaf of the quadtree that the planes of the image are divided
// into has an RMS error above T, before deblocking and rounding to pixels. [Reader.Verify]
// measures it.
//
// A file is the same, byte for byte, whatever backend, number of workers, memory or machine
// made it. The package is Go without cgo.
package qtgpu
