// Package layered is the engine that keeps a bound on every sample of
// photographs: a base by the transform engine and corrections (FORMAT.md, "Layered
// tiles"). It reads and writes tiles of RGB or RGBA pixels of 8 bits.
//
// The base is the tile alone at 4:4:4, its quantiser's step 5(2T+1)/8 levels
// for the bound T, deblocked inside the tile. To each sample x' of its pixels
// belongs a correction q, and the result is x' + q(2T+1), clamped to 0..255;
// the encoder's q = round((x−x')/(2T+1)) leaves an error of at most T.
//
// Front segment: the base's, an overview of means. Body: the length of
// the base's body as a uvarint, that body, and one segment of corrections: the
// planes G, R, B and alpha in turn, rows from the top, one token a sample. Of
// that token:
//
//   - s is the sum of q at the same place in the planes of colour before; alpha
//     stands alone, as G does. Where s < 0, −q is coded in the place of q.
//   - The symbol is u = 2q−1 for q > 0 and −2q otherwise, 15 for all from 15
//     on, u−15 then following among the raw bits in the Exp-Golomb code.
//   - The context joins the class of 2(|W|+|N|)+|NW|+|NE| of q around (0, 1, 2,
//     3–4, 5–7, more), the class of the contrast |E'−W'|+|S'−N'| of the base,
//     edges repeated (below T+1, 3(T+1), 7(T+1), more), and in R and B two classes
//     of the planes before: of q at the same place (all 0; |s| = 1; |s| > 1; s = 0
//     of some that are not) and of the sum of |q| at W, E, N and S (0, 1, more).
//
// Beyond the tile q is 0. Tables: the length of the base's tables as a uvarint,
// these, and what replaces the universal tables of corrections.
package layered
