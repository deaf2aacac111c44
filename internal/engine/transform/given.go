package transform

import (
	"context"
	"image"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/tree"
)

// given is what a tree.Coder has found out of the planes of a slab. Whatever it lacks is computed
// where it is asked for, and is the same.
type given struct {
	planes []givenPlane
	sizes  [][]uint8 // of leaves, of each tile and plane, as Cells has them
}

// givenTile is what of it concerns a tile.
type givenTile struct {
	planes []givenPlane
	sizes  [][]uint8 // of leaves, of each plane
}

// tile is what is known of the i-th tile.
func (g *given) tile(i int) *givenTile {
	n := len(g.planes)
	return &givenTile{g.planes, g.sizes[i*n : i*n+n]}
}

// givenPlane is what is known of a plane's nodes, by their size and number.
type givenPlane struct {
	costs   [sizes][]tree.Cost // unknown where it is not known
	records [sizes][]uint32    // the record of a leaf, counted from 1, 0 where there is none
	found   [sizes]tree.Outcomes
}

// unknown is no cost.
var unknown = tree.Cost{J: -1}

// cost is the cost of node number i.
func (g *givenPlane) cost(lg, i int) (c tree.Cost, ok bool) {
	if g.costs[lg-cellLog2] == nil {
		return c, false
	}
	c = g.costs[lg-cellLog2][i]
	return c, c != unknown
}

// record is the record of the leaf that is node number i, nil where there is none.
func (g *givenPlane) record(lg, i int) tree.Record {
	if g.records[lg-cellLog2] == nil {
		return nil
	}
	at := g.records[lg-cellLog2][i]
	if at == 0 {
		return nil
	}
	return g.found[lg-cellLog2][at-1]
}

// givenCost is the cost of a node that a coder found.
func (p *partition) givenCost(n node) (c tree.Cost, ok bool) {
	if p.given == nil {
		return c, false
	}
	_, i := p.src.stats(n)
	return p.given.cost(n.lg, i)
}

// record is the record of a leaf, nil where there is none.
func (p *partition) record(n node) tree.Record {
	if p.given == nil {
		return nil
	}
	_, i := p.src.stats(n)
	return p.given.record(n.lg, i)
}

// survey has a coder do what it can of a slab: it names the nodes whose cost the rule asks for, and
// then the leaves that are chosen by these.
type survey struct {
	encoder  *Encoder
	coder    tree.Coder
	prepared *tree.Prepared
	pixels   *chroma.Interleaved
	models   []*tree.Model
	rects    [][]image.Rectangle // of each tile and plane
	workers  int
	scratch  *parallel.Pool[EncoderScratch]
	took     func(stage string, d time.Duration)
	given    given
}

// numbers are numbers of nodes by plane and size.
type numbers [][sizes][]uint32

// run gives what the coder found out.
func (s *survey) run(ctx context.Context) (*given, error) {
	s.given = given{planes: make([]givenPlane, len(s.prepared.Planes)), sizes: make([][]uint8, len(s.rects)*len(s.prepared.Planes))}
	open, err := s.walk(ctx, func(p *partition, _ int, nodes *[sizes][]uint32) {
		for root := range p.cells.roots {
			p.open(root, nodes)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := s.costs(ctx, open); err != nil {
		return nil, err
	}
	leaves, err := s.walk(ctx, s.leaves)
	if err != nil {
		return nil, err
	}
	return &s.given, s.quantise(ctx, leaves)
}

// walk visits all planes of all tiles and collects nodes, in the order of the tiles.
func (s *survey) walk(ctx context.Context, visit func(p *partition, at int, nodes *[sizes][]uint32)) (numbers, error) {
	start := time.Now()
	defer func() { s.took("walk", time.Since(start)) }()
	planes := len(s.prepared.Planes)
	found := make(numbers, len(s.given.sizes))
	err := parallel.For(ctx, s.workers, len(found), func(at int) error {
		scratch := s.scratch.Get()
		defer s.scratch.Put(scratch)
		scratch.spectra.normalises(false)
		i, rects := at%planes, s.rects[at/planes]
		cells := newCells(rects[i], s.encoder.steps[i], s.encoder.planes[i])
		sources := s.encoder.originals(scratch, s.prepared.Planes, s.prepared.Pyramids, rects, s.pixels)
		p := s.encoder.newPartition(scratch, &sources[i], &cells, &cells)
		p.given = &s.given.planes[i]
		visit(&p, at, &found[at])
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make(numbers, planes)
	for at := range found {
		for size, n := range found[at] {
			all[at%planes][size] = append(all[at%planes][size], n...)
		}
	}
	return all, nil
}

// open collects the nodes under n whose cost may be asked for. Where an end may forbid a leaf, what
// is below it may be.
func (p *partition) open(n node, nodes *[sizes][]uint32) {
	p.opened(n, false, nodes)
}

// opened is open where the cost of n itself may be needed.
func (p *partition) opened(n node, needed bool, nodes *[sizes][]uint32) {
	o := p.ruled(n)
	if o == flatNode {
		return
	}
	if o == openNode || o == leafNode && needed {
		_, i := p.src.stats(n)
		nodes[n.lg-cellLog2] = append(nodes[n.lg-cellLog2], uint32(i))
	}
	if o == leafNode && (n.lg == cellLog2 || !p.src.reachesEnd(n)) {
		return
	}
	for i := range 4 {
		p.opened(n.child(i), needed || o == openNode, nodes)
	}
}

// leaves chooses the leaves of a plane of a tile, and collects those that are not flat.
func (s *survey) leaves(p *partition, at int, nodes *[sizes][]uint32) {
	for root := range p.cells.roots {
		p.scratch.spectra.reset()
		p.choose(root, false, anyCost)
		p.leaves(root, func(n node) {
			if rule, _ := p.ruleAt(n); !p.flat(n, &rule) {
				_, i := p.src.stats(n)
				nodes[n.lg-cellLog2] = append(nodes[n.lg-cellLog2], uint32(i))
			}
		})
	}
	s.given.sizes[at] = p.cells.size
}

// leaves visits the leaves under a node.
func (p *partition) leaves(n node, visit func(node)) {
	if p.cells.isLeaf(n) {
		visit(n)
		return
	}
	for i := range 4 {
		p.leaves(n.child(i), visit)
	}
}

// works are the nodes of all planes, plane by plane.
func (s *survey) works(all numbers) (works []tree.Work) {
	for i := range all {
		for size, n := range all[i] {
			if len(n) > 0 {
				works = append(works, tree.Work{Plane: i, Level: cellLog2 + size, Numbers: n, Model: s.models[i]})
			}
		}
	}
	return works
}

// costs has the stages transform and cost run.
func (s *survey) costs(ctx context.Context, open numbers) error {
	start := time.Now()
	works := s.works(open)
	found, err := s.coder.Costs(ctx, s.prepared, works)
	if err != nil {
		return err
	}
	for k, w := range works {
		to := &s.given.planes[w.Plane].costs[w.Level-cellLog2]
		*to = make([]tree.Cost, len(s.prepared.Pyramids[w.Plane].At(w.Level).Sum))
		for i := range *to {
			(*to)[i] = unknown
		}
		for i, n := range w.Numbers {
			(*to)[n] = found[k][i]
		}
	}
	s.took("cost", time.Since(start))
	return nil
}

// quantise has the stages transform and quantise run.
func (s *survey) quantise(ctx context.Context, leaves numbers) error {
	start := time.Now()
	works := s.works(leaves)
	found, err := s.coder.Quantise(ctx, s.prepared, works)
	if err != nil {
		return err
	}
	for k, w := range works {
		g, size := &s.given.planes[w.Plane], w.Level-cellLog2
		g.found[size], g.records[size] = found[k], make([]uint32, len(s.prepared.Pyramids[w.Plane].At(w.Level).Sum))
		for i, n := range w.Numbers {
			g.records[size][n] = uint32(i) + 1
		}
	}
	s.took("quantise", time.Since(start))
	return nil
}

// adopt makes the leaves of a tile those of a slab that a coder went through: only flat ones have a
// spectrum that is known.
func (p *partition) adopt(n node) {
	p.leaves(n, func(n node) {
		if rule, base := p.ruleAt(n); p.flat(n, &rule) {
			p.flatSpectrum(n, int64(base))
		}
	})
}

// adopt quantises a leaf as its record says.
func (p *planeEncoder) adopt(n node, r tree.Record, ctx int) (q *quantised, dist, low int64) {
	means := r.Means(n.lg)
	m := n.cells()
	for i, v := range means {
		p.overview.exact[p.cells.index(n.x+i/m, n.y+i%m)] = int32(v)
	}
	p.overview.round(n)
	low = p.overview.lowError(n)
	v := r.By(n.lg, ctx-lastContexts(p.kind, n.lg))
	if !p.keeps(n, v.Error+low) {
		var ok bool
		if v, ok = r.Plain(n.lg); !ok {
			s := p.partition.spectrum(n)
			q = p.round(n, s, ctx)
			return q, p.dist(n, s, q), low
		}
	}
	p.scratch.adopted = p.scratch.adopted[:0]
	for _, l := range v.Levels {
		p.scratch.adopted = append(p.scratch.adopted, acLevel{uint16(l), int32(int16(l >> 16))})
	}
	return p.scratch.tokens.name(p.scratch.adopted, v.Last, n.lg), v.Error, low
}
