// Package predictive is the engine that promises something of every sample: it is
// lossless, or no sample is off by more than a bound.
//
// A plane is an interlaced quadtree: each 2×2 block's parent is its top left
// sample, so that a tree of single samples has not one more than the plane.
// Three passes fill a level from the one above, each predicted only from
// samples of earlier passes (FORMAT.md, "Prediction"). A tile is coded as
//
//   - the means of its 8×8 cells, the overview of continuous data (front),
//   - the skip map: which cells have no residual at all,
//   - the samples on the grid of level 3, and the passes of levels 2, 1 and 0.
//
// Predictions weigh 12 neighbours by weights that the encoder fits to the
// image and stores; residuals are coded by static tables in contexts of their
// expected magnitude, or by context mixing. Four packages hold these parts, in this
// order: interlace the levels, passes and the skip map, residual what predictions
// leave, linear the predictions, mixing the other way of coding residuals. This one
// chooses the mode of a tile, tries symbols, and holds what all tiles of a file share.
package predictive
