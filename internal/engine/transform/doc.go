// Package transform is the engine that promises the RMS error of every leaf of a quadtree
// (FORMAT.md, "Transform engine").
//
// The tile of a plane is divided into squares of 32×32 samples, each the root of a
// quadtree whose leaves, of 8, 16 or 32 samples a side, go through a cosine transform of
// their size. A tile is coded as
//
//   - its overview: the mean of each cell of 8×8 samples, in steps, as a residual of what
//     its neighbours predict; the lowest coefficients of a leaf follow from it;
//   - its detail: the split flags of the quadtrees, and of each leaf up to which
//     frequencies it has levels, and these; before them, where the plan has prediction, a mode: what
//     the leaf is predicted from.
//
// The format calls the overview's values the front image and F their step, the two
// segments front and body, and the chunks that hold them FRNT and BODY.
//
// Tuned for the eye, visual.go says by which steps each leaf counts.
//
// An Encoder takes a tile through these stages: partition chooses the leaves, by variances
// and costs; quantise.go decides their levels, encodeoverview.go their part of the
// overview, both by rate and distortion; promise.go holds what a decoder will see against
// the promise; restorechoice.go and guidechoice.go choose how decoded planes are restored.
// Where leaves are predicted, predictencode.go chooses leaves and modes together, of which
// modechoice.go finds the few that are worth trying, and decodes each leaf before the next; trellis.go
// decides their levels, which depend on each other.
// A Decoder reads the overview, then the detail, and filters when the tiles around are there: it
// smooths, deblocks, restores, and has luma guide the upsampling of chroma.
//
// Coordinates of nodes and cells are in cells, from the corner of the tile.
package transform
