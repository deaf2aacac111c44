// Package pattern is the mode of the exact engine for what is not a
// photograph: masks, labels, palettes, text, screenshots and pixel art. It
// codes a tile of symbols without loss, by adaptive binary arithmetic coding
// under mixed contexts. All arithmetic is on integers; << and >> bind as in
// Go, and a row's samples are named by the compass: W is left, N above, NN
// above that.
//
// # Streams
//
// A tile has two codes, each with a model of its own: the front, the samples
// at multiples of 8 as a tile of ⌈w/8⌉×⌈h/8⌉, and the body, all samples in
// raster order, of which those on that grid are known and not coded. The body
// may look at grid samples before their turn; the front has no grid, nor has a
// body that is coded without a front.
//
// # Range coder
//
// The state is low = 0 and range = 2^32−1. A bit of which 1 has probability
// p/65536 splits the range at bound = range·p>>16: a 1 takes the part below, a
// 0 adds bound to low and takes the rest. While range < 2^24 both shift left
// by 8 bits and the top byte of low goes out; a carry out of low adds to the
// bytes before. At the end low rises to the number in its range that ends in
// the most zero bits, and its 4 bytes go out as far as they are not zero. A
// decoder reads zeros past the end; at the end it has taken 0 to 4 bytes more
// than there are, or the code is damaged.
//
// # Mixing
//
// The logistic curve is a table in steps of 4 logits of 1/256:
//
//	E(0) = 2^64−1,  E(i+1) = E(i)·18160753814917686419 >> 64
//	q(i) = ⌊2^48 / (2^32 + (E(i) >> 32))⌋
//	T[768+i] = min(65535, q(i)),  T[768−i] = max(1, 65536−q(i)),  i = 0..768
//	squash(x) = T[(min(max(x, −3072), 3071) + 3072) >> 2]
//	stretch(j) = 4·(least i of which T[i] ≥ 16j+8, 1536 for none) − 3072
//
// A slot holds a probability p of 22 bits, first 2^21, and a count n, first 0.
// A decision has 8 slots. Its inputs are stretch(p >> 10) of each and 256 as
// the ninth; its probability is that of the sum over two sets of 9 weights,
// first 6553 and 0 for the ninth. Then both sets and all slots learn:
//
//	P = squash(Σ input·(weight + weight') >> 16)
//	weight += (input·(65536·bit − P) + 2^15) >> 16
//	p += ((bit·(2^22−1) − p)·⌊131072/(2n+3)⌋) >> 16,  n = min(n+1, 255)
//
// The i-th context of value v selects the slot hash(i, v) >> (32−lg), where lg
// is the least number from 12 to 22 with 2^(lg−2) ≥ w·h. The bins of a literal
// share lines of 16 slots: hash(context, bin >> 4) >> (32−lg), of which the low
// 4 bits are replaced by those of bin. Hashes of several values nest to the
// left: (a, b, c) stands for hash(hash(a, b), c).
//
//	hash(h, v): x = (rotate(h·0x9E3779B1, 13) XOR v)·0x85EBCA77;  x XOR x>>15
//
// # Walk
//
// Beyond its left end a row repeats the first sample of the row above, beyond
// its right end its own last, above the tile all is 0. For x in order:
//
//   - Where x is a multiple of 8, 8 samples remain, and W, WW, the 11 samples
//     of the row above from x−2 on and (on the grid) the known sample are all
//     the same: one decision, whether the next 8 are that sample too. If so
//     they are done, and the match below stops.
//   - A grid sample is taken as candidate 0.
//   - For any other sample its candidates are tried in turn, one decision each;
//     after the last comes a literal.
//
// The candidates are, each symbol once and 7 at most (2 where the outcomes at
// W, N, NE, NW and WW are all literals):
//
//	the symbol of the match
//	the symbol after the latest same neighbourhood W N NW NE
//	W N NE NW
//	the grid samples to come: right, below, across
//	the 4 latest different symbols that differed from their W
//
// right is the grid sample (⌊x/8⌋+1, ⌊y/8⌋), below (⌊x/8⌋, ⌈y/8⌉), across
// (⌊x/8⌋+1, ⌈y/8⌉); one that is not in the tile counts as W (in a run as c).
//
// The match is a position earlier in the tile. Where a sample to be coded has
// none it is the latest coded at an equal hash of W N NW NE WW NN NEE NWW NNE
// NNW WWW, if any; each sample that is not in a run moves it on if it predicts
// the sample, and ends it if not. Both memories are tables of 2^min(lg−2, 18)
// entries, indexed by the top bits of the hash of the neighbours in the order
// named, and are updated by the samples that are coded one by one; the symbol
// 2^32−1 is not remembered. Grid samples count among the 4 latest symbols, those
// in runs do not differ from their W.
//
// # Contexts
//
// A run of c has bits e, set where a sample is not c: 0 to 11 for the row NN
// from x−2 on, 12 for the row N at x+9, 13 and 14 for WWW and the one left of
// it; g: 0 below, 1 across, 2 right, and y mod 8 from bit 3; near is 1 unless
// e = 0; r are the latest three runs' outcomes, 1 for a failure, the latest
// lowest. Context i is (16, value):
//
//	e mod 1024;  e;  g;  near;  (c, near);  (c, g + 128·near);  e>>12 | 16·r;  (e, g)
//	weights: near;  all of other kinds
//
// A candidate c of number k has bits e, set where a neighbour is c: W N NW NE,
// WW NN NEE NWW, NNE NNW WWW N at x+3, N at x−3, NN at x+2, NN at x−2, W at
// x−4; g: right, below, across; place = (x mod 8 >> 1)·4 + (y mod 8 >> 1); o
// the outcomes (number of the candidate, 7 for a literal, 0 in runs and beyond
// the ends of a row) of W N NE NW WW, 3 bits each; m: 0 without a match, else 1
// + the length of the match below 16, from there on 17 + min(6, length/16), and
// 32 more if the match predicts c; trust: 1 + min(3, (m−32)/8) if it does, 5 if
// it predicts another, 0 without. Context i is the value XOR k·2^24:
//
//	(c, e mod 256);  e mod 64 | 64·g | 512·place;  (c, (W, N, NW, NE));
//	(c, (W, N, NW, NE, WW, NN, NEE, NWW));  m | e mod 16 · 256;  (c, W, N);
//	(o, e mod 16);  e
//	weights: k, trust, e mod 8;  k, o mod 64
//
// # Literals
//
// One channel: bit by bit, the upper first; a bin is the bits before within
// the group of 4, below a leading 1, and the line the bits before the group,
// below a leading 1. Context i is (32+i, value), med the median of W, N and
// W+N−NW:
//
//	0;  W;  N;  (W, N);  ((W, N), (NW, NE));  (W, N, NW);  (N, NE);  med
//	weights: number of the bit;  all of other kinds
//
// More channels: alpha, green, red, blue (two: in order), each as the residual
// r, −128 to 127 mod 256, from pred = med of the channel; red and blue from
// green + med of their differences from green, clamped to 0..255. Bin 0 tells
// whether r = 0, bin 1 whether r < 0; bins 2+2i+sign for i = 0, 1, … 6 whether
// |r| < 2^(i+1); of the bits below the first of |r|, e of them, the upper three
// have bin 256·e + 32 + the bits before, below a leading 1, the i-th of the
// others 256·e + 48 + i. With act the bit length of |W−NW| + |N−NW| + |N−NE|,
// mag(v) the bit length of |v|, plus 16 unless v < 0, last and before the
// residuals of the latest two channels, v the channels coded, red lowest, rW
// and rN the residuals of the channel there (0 where none), context i of the
// j-th channel is (64+8j+i, value):
//
//	act | 256·mag(W−N);  256·mag(W−pred) | mag(N−pred) | 65536·act;
//	(mag(last), mag(before));  (symbol W, symbol N, v);  (pred, v);
//	(mag(rW), mag(rN));  (mag(NE−N), 256·mag(NN−N) | mag(WW−W));
//	(med, (last, green))
//	weights: j, bin mod 64;  j, act
package pattern
