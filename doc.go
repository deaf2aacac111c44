// Package qtgpu encodes and decodes .qtg files: rasters on a quadtree whose
// leaves are split by the mean and variance of the image, with a promise about
// the error that the encoder has verified and the file states.
//
// [Encode] takes a threshold T: no leaf of the quadtree has an RMS error above
// T levels of an 8-bit scale, or, with [BoundMax], no sample an error above T of its
// own steps; 0 is lossless. [Decode] gives the whole image, [NewReader] any
// region of any level of detail, reading only the bytes that it needs.
//
// What is larger than memory goes in by [EncodeRaster], from a [raster.Source], and out
// by [Reader.Copy], to a [raster.Sink]. [NewPlan], [Plan.EncodePart] and [Merge] divide
// the encoding of one file among machines.
//
// Importing the package registers the format with package image. It is pure Go;
// files are identical whatever backend, number of workers or machine made them.
package qtgpu
