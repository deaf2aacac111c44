package conformance

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	nExactContexts = 828
	nClasses       = 72 // of weights of a kind of planes
	largestMode    = 9  // by prediction, and of the slow ones less slowMode
	gridMode       = 16
	patternMode    = 17
	wholeMode      = 18
	slowMode       = 32
)

// colourOrders are the channels b, x, y of the modes 1 to 9.
var colourOrders = [10][3]int{1: {1, 0, 2}, {1, 2, 0}, {0, 1, 2}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}, {1, 0, 2}, {0, 1, 2}, {2, 0, 1}}

func defaults(t testing.TB) []byte {
	p, err := readDefaults()
	require.NoError(t, err)
	require.Len(t, p, 2*(3*19*nClasses+16*nExactContexts))
	return p
}

var readDefaults = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile("../engine/predictive/defaults.bin")
})

// exactFile is what TABL of the exact engine holds.
type exactFile struct {
	*file
	palette [][4]int
	values  [][]int // of a channel, nil where it is coded as it is
	weights [][nClasses][19]int32
	tables  [][16]int

	baseTables []byte // of layered tiles
}

// readExact parses TABL (FORMAT-EXACT.md, "Header and tables").
func readExact(f *file, defaults []byte) (*exactFile, error) {
	if f.layered {
		return readLayered(f)
	}
	x := &exactFile{file: f}
	data := f.tabl
	if f.palette {
		n := int(data[0]) + 1
		for i := range n {
			c := data[1+4*i:]
			x.palette = append(x.palette, [4]int{int(c[0]), int(c[1]), int(c[2]), int(c[3])})
		}
		data = data[1+4*n:]
	}
	r := &rawBits{data: data}
	for range f.channels {
		x.values = append(x.values, readValues(r))
	}
	for i := range f.channels {
		x.weights = append(x.weights, readWeights(r, defaults[2*19*nClasses*f.kind(i):]))
	}
	x.tables = frequencies(defaults[2*19*3*nClasses:], nExactContexts)
	return x, replaceTables(x.tables, r, exactAlphabet)
}

// exactAlphabet is the number of symbols of a context of the exact engine.
func exactAlphabet(context int) int {
	if context < 792 {
		return 16
	}
	return 2
}

// kind is the kind of a channel's plane in the exact engine.
func (f *file) kind(channel int) int {
	if f.channels >= 3 && channel < 3 {
		return channel
	}
	return 0
}

func readValues(r *rawBits) (values []int) {
	next := 0
	for range r.expGolomb() {
		values = append(values, next+int(r.expGolomb()))
		next = values[len(values)-1] + 1
	}
	return values
}

func readWeights(r *rawBits, defaults []byte) (weights [nClasses][19]int32) {
	for class := range weights {
		w := &weights[class]
		for i := range w {
			w[i] = int32(int16(binary.LittleEndian.Uint16(defaults[2*(19*class+i):])))
		}
		if r.bits(1) == 0 {
			continue
		}
		w[0] = 128
		for i := 1; i < len(w); i++ {
			z := r.expGolomb()<<2 | uint32(r.bits(2))
			w[i] += int32(z>>1) ^ -int32(z&1)
			if i <= 12 {
				w[0] -= w[i]
			}
		}
	}
	return weights
}

// channels are the samples of an image or of a part of it.
type channels struct {
	w, h int
	pix  [][]int32
}

func newChannels(w, h, n int) *channels {
	c := &channels{w: w, h: h}
	for range n {
		c.pix = append(c.pix, make([]int32, w*h))
	}
	return c
}

// level decodes a level of detail.
func (x *exactFile) level(level int) (*picture, error) {
	scale := 1
	if level >= 3 {
		scale = 8
	}
	all := newChannels((x.w-1)/scale+1, (x.h-1)/scale+1, x.channels)
	across := (x.w-1)/x.tileSide + 1
	for i := range x.fronts {
		left, top := i%across*x.tileSide, i/across*x.tileSide
		w, h := min(x.tileSide, x.w-left), min(x.tileSide, x.h-top)
		tile, err := x.tile(x.fronts[i], x.bodies[i], w, h, level >= 3)
		if err != nil {
			return nil, fmt.Errorf("tile %d: %w", i, err)
		}
		for c, pix := range tile.pix {
			for j := range tile.h {
				copy(all.pix[c][(top/scale+j)*all.w+left/scale:][:tile.w], pix[j*tile.w:])
			}
		}
	}
	return x.picture(all, 1<<level/scale)
}

// picture looks up colours and shrinks.
func (x *exactFile) picture(all *channels, n int) (*picture, error) {
	p := x.interleaved(all)
	if !x.labels {
		return p.shrink(n), nil
	}
	p = p.pick(n)
	if x.palette == nil {
		return p, nil
	}
	return p, p.look(x.palette)
}

func (x *exactFile) interleaved(all *channels) *picture {
	p := &picture{w: all.w, h: all.h, channels: x.channels, depth: x.depth, alpha: x.alpha == 1}
	for i := range all.w * all.h {
		for c := range x.channels {
			p.samples = append(p.samples, int(all.pix[c][i]))
		}
	}
	return p
}

// pick takes the first of squares of n pixels.
func (m *picture) pick(n int) *picture {
	s := &picture{w: (m.w + n - 1) / n, h: (m.h + n - 1) / n, channels: m.channels, depth: m.depth}
	for y := range s.h {
		for x := range s.w {
			i := (n*y*m.w + n*x) * m.channels
			s.samples = append(s.samples, m.samples[i:i+m.channels]...)
		}
	}
	return s
}

// look turns indices into the colours of a palette.
func (m *picture) look(palette [][4]int) error {
	var colours []int
	for _, i := range m.samples {
		if i >= len(palette) {
			return errDamaged
		}
		colours = append(colours, palette[i][:]...)
	}
	m.channels, m.samples = 4, colours
	return nil
}

// tile decodes a tile, or its overview alone.
func (x *exactFile) tile(front, body []byte, w, h int, overview bool) (*channels, error) {
	if x.layered {
		return x.layeredTile(front, body, w, h, overview)
	}
	if len(front) == 0 {
		return nil, errDamaged
	}
	whole := front[0] == wholeMode && overview
	c, err := x.samples(front, body, w, h, overview && !whole)
	if err != nil || overview && !whole && front[0] != gridMode {
		return c, err
	}
	for i, values := range x.values {
		for j, rank := range c.pix[i] {
			if values != nil {
				c.pix[i][j] = int32(values[clamp(int(rank), 0, len(values)-1)])
			}
		}
	}
	if whole {
		return x.means(c), nil
	}
	return c, nil
}

// means are the means of squares of 8 samples.
func (x *exactFile) means(c *channels) *channels {
	p := x.interleaved(c).shrink(8)
	out := newChannels(p.w, p.h, p.channels)
	for i, v := range p.samples {
		out.pix[i%p.channels][i/p.channels] = int32(v)
	}
	return out
}

// samples are ranks of what has values, but means are values.
func (x *exactFile) samples(front, body []byte, w, h int, overview bool) (*channels, error) {
	mode, front := int(front[0]), front[1:]
	switch {
	case mode%slowMode <= largestMode && mode < 2*slowMode:
		return x.predictedTile(mode, front, body, w, h, overview)
	case mode == wholeMode && len(front) > 0:
		return nil, errDamaged
	case mode == gridMode || mode == patternMode || mode == wholeMode:
		return x.patternTile(mode, front, body, w, h, overview)
	}
	return nil, fmt.Errorf("mode %d", mode)
}

func (x *exactFile) patternTile(mode int, front, body []byte, w, h int, overview bool) (*channels, error) {
	var grid []uint32
	if overview || mode == gridMode {
		gw, gh := (w-1)/8+1, (h-1)/8+1
		var err error
		grid, err = readPatterns(front, gw, gh, x.channels, x.depth, nil)
		if err != nil || overview {
			return x.unpack(grid, gw, gh), err
		}
	}
	pix, err := readPatterns(body, w, h, x.channels, x.depth, grid)
	return x.unpack(pix, w, h), err
}

// unpack takes symbols apart.
func (x *exactFile) unpack(symbols []uint32, w, h int) *channels {
	c := newChannels(w, h, x.channels)
	for i, s := range symbols {
		for j := range x.channels {
			c.pix[j][i] = int32(s >> (j * x.depth) & (1<<x.depth - 1))
		}
	}
	return c
}

func (x *exactFile) predictedTile(mode int, front, body []byte, w, h int, overview bool) (*channels, error) {
	planes := x.predictedPlanes(w, h)
	n := len(planes) * planes[0].w * planes[0].h
	if len(front) < (n+1<<16-1)>>16 || mode < slowMode && !overview && len(body) < (n+1<<16-1)>>16 {
		return nil, errDamaged
	}
	s, err := newSegment(front, x.tables)
	if err != nil {
		return nil, err
	}
	readFront(planes, s)
	if err := s.finish(); err != nil || overview {
		return x.recolour(mode%slowMode, planes, (w-1)/8+1, (h-1)/8+1, (*predicted).mean), err
	}
	x.prepare(mode%slowMode, planes)
	if mode >= slowMode {
		least := leastBytes(n, 1<<14, 1<<8)
		if len(body) < least {
			return nil, errDamaged
		}
		code := newRangeDecoder(body)
		newSlow(code, planes).read(planes)
		return x.recolour(mode%slowMode, planes, w, h, (*predicted).pixel), code.finish(least)
	}
	if s, err = newSegment(body, x.tables); err != nil {
		return nil, err
	}
	readBody(planes, s)
	return x.recolour(mode, planes, w, h, (*predicted).pixel), s.finish()
}

func (x *exactFile) predictedPlanes(w, h int) []*predicted {
	planes := make([]*predicted, x.channels)
	step := int32(2*x.bound + 1)
	if x.merged {
		step = 1
	}
	for i := range planes {
		meanStep := max(4, 2*x.bound+1)
		if n := len(x.values[i]); n > 0 {
			meanStep = max(meanStep, 2*(x.values[i][n-1]-x.values[i][0])/max(n, 128))
		}
		p := newPredicted(x.kind(i), w, h, step, int32(meanStep), &x.weights[i])
		if p.kind > 0 {
			p.before, p.first = planes[i-1], planes[i-1].before
		}
		planes[i] = p
	}
	return planes
}

// prepare gives planes what their bodies need.
func (x *exactFile) prepare(mode int, planes []*predicted) {
	x.limit(mode, planes)
	x.rankMeans(mode, planes)
}

// limit gives the limits of samples to planes that are a channel.
func (x *exactFile) limit(mode int, planes []*predicted) {
	if x.bound > 0 && !x.merged {
		return
	}
	for i, p := range planes {
		channel := i
		if mode > 0 && i < 3 {
			channel = colourOrders[mode][0]
			if i > 0 {
				continue
			}
		}
		p.folded, p.low, p.high = true, 0, int32(x.maximum)
		if n := len(x.values[channel]); n > 0 {
			p.high = int32(n - 1)
		}
	}
}

// rankMeans makes means of values what predicts ranks.
func (x *exactFile) rankMeans(mode int, planes []*predicted) {
	if !slices.ContainsFunc(x.values, func(v []int) bool { return v != nil }) {
		return
	}
	overview := x.recolour(mode, planes, planes[0].cells, planes[0].rows, (*predicted).mean)
	for i, values := range x.values {
		for j, v := range overview.pix[i] {
			if values != nil {
				overview.pix[i][j] = nearest(values, int(v))
			}
		}
	}
	order := colourOrders[mode]
	for j := range planes[0].means {
		for i, p := range planes {
			p.means[j] = overview.pix[i][j]
		}
		if mode > 0 {
			b, second, third := overview.pix[order[0]][j], overview.pix[order[1]][j], overview.pix[order[2]][j]
			half := (b + second) >> 1
			if mode > 6 {
				half = b
			}
			planes[0].means[j], planes[1].means[j], planes[2].means[j] = b, second-b, third-half
		}
	}
}

// nearest is the rank of the value nearest to v.
func nearest(values []int, v int) int32 {
	rank := 0
	for i := range values {
		if abs(values[i]-v) < abs(values[rank]-v) {
			rank = i
		}
	}
	return int32(rank)
}

func readFront(planes []*predicted, s source) {
	for _, p := range planes {
		p.readMeans(s)
	}
}

func readBody(planes []*predicted, s source) {
	for _, p := range planes {
		p.readZeros(s)
		p.readGrid(s)
	}
	for level := 2; level >= 0; level-- {
		for _, p := range planes {
			p.readLevel(s, level)
		}
	}
}

// recolour undoes the colour transform of a mode.
func (x *exactFile) recolour(mode int, planes []*predicted, w, h int, at func(*predicted, int, int) int32) *channels {
	out := newChannels(w, h, len(planes))
	order := colourOrders[mode]
	for i := range w * h {
		v := make([]int32, len(planes))
		for c, p := range planes {
			v[c] = at(p, i%w, i/w)
		}
		if mode > 0 {
			b, second, third := v[0], v[0]+v[1], v[2]
			if mode < 7 {
				third += (b + second) >> 1
			} else {
				third += b
			}
			v[order[0]], v[order[1]], v[order[2]] = b, second, third
		}
		for c := range v {
			out.pix[c][i] = int32(clamp(int(v[c]), 0, x.maximum))
		}
	}
	return out
}

// features are what a file has.
func (x *exactFile) features(t *testing.T) (names []string) {
	note := func(is bool, name string) {
		if is {
			names = append(names, name)
		}
	}
	note(x.palette != nil, "palette")
	note(x.merged, "merged")
	note(x.bound > 0 && !x.merged, "bound")
	note(len(x.fronts) > 1, "tiles")
	note(x.depth == 16, "16 bits")
	note(x.channels == 4, "alpha")
	if x.layered {
		return append(names, "layered", fmt.Sprint("bound ", x.bound))
	}
	for _, front := range x.fronts {
		names = append(names, fmt.Sprint("mode ", front[0]))
		note(front[0] >= slowMode, "slow")
	}
	for i := range x.channels {
		unfitted := readWeights(&rawBits{data: make([]byte, 100)}, defaults(t)[2*19*nClasses*x.kind(i):])
		note(x.weights[i] != unfitted, "weights")
		note(x.values[i] != nil, "values")
	}
	return names
}

// TestExactVectorsCover: the vectors have what they are there for.
func TestExactVectorsCover(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range exactVectors {
		f, err := parse(readFile(t, filepath.Join(vectorDir, v.name+".qtg")))
		require.NoError(t, err)
		require.True(t, f.exact, v.name)
		x, err := readExact(f, defaults(t))
		require.NoError(t, err, v.name)
		names := x.features(t)
		for _, name := range names {
			seen[name] = true
			for _, kind := range []string{"slow", "layered"} {
				if slices.Contains(names, kind) {
					seen[kind+" "+name] = true
				}
			}
		}
	}
	for _, what := range []string{
		"mode 0", "mode 1", "mode 2", "mode 9", "mode 16", "mode 17", "mode 32", "mode 36",
		"palette", "merged", "bound", "tiles", "weights", "values",
		"slow merged", "slow bound", "slow tiles", "slow weights", "slow values", "slow 16 bits", "slow alpha",
		"layered alpha", "layered tiles", "layered bound 1", "layered bound 2", "layered bound 7",
	} {
		assert.True(t, seen[what], "no vector has %s", what)
	}
}
