package linear

// Relation sums what the differences of neighbours say of how much bands are alike.
type Relation struct {
	n, reach int
	sums     []int64 // of products, of bands i ≥ j at i·(reach+1) + i−j
}

// NewRelation is empty, for n bands.
func NewRelation(n int) *Relation {
	r := &Relation{n: n, reach: n - 1}
	if n > allBands {
		r.reach = farthest
	}
	r.sums = make([]int64, n*(r.reach+1))
	return r
}

// Up to allBands bands, each is compared with each; of more, with the ones up to farthest
// away.
const (
	allBands = 64
	farthest = 16
)

// maxDifference caps differences, so that 2^22 products fit 63 bits.
const maxDifference = 1 << 20

// Add enters the differences of a sample from its neighbour in each band.
func (r *Relation) Add(d []int32) {
	for i, v := range d {
		v := int64(max(min(v, maxDifference), -maxDifference))
		for j := max(i-r.reach, 0); j <= i; j++ {
			r.sums[i*(r.reach+1)+i-j] += v * int64(max(min(d[j], maxDifference), -maxDifference))
		}
	}
}

// Merge adds the sums of o.
func (r *Relation) Merge(o *Relation) {
	for i, v := range o.sums {
		r.sums[i] += v
	}
}

// square is the square of the correlation of two bands.
func (r *Relation) square(i, j int) float64 {
	if i < j {
		i, j = j, i
	}
	if i-j > r.reach {
		return 0
	}
	at := func(i, j int) float64 { return float64(r.sums[i*(r.reach+1)+i-j]) }
	if at(i, i) == 0 || at(j, j) == 0 {
		return 0
	}
	return float64(at(i, j) / at(i, i) * (at(i, j) / at(j, j))) // no architecture fuses it with a sum
}

// leastSquare is the square of a correlation below which another band is no help.
const leastSquare = 0.1

// Parents gives each band the one that it is most like, −1 for none, so that no band is
// its own ancestor: trees of largest correlations.
func (r *Relation) Parents() []int {
	parents := make([]int, r.n)
	best := make([]float64, r.n) // of a band outside the tree, with one inside
	done := make([]bool, r.n)
	for i := range parents {
		parents[i] = -1
	}
	for range r.n {
		next := -1
		for i := range r.n {
			if !done[i] && (next < 0 || best[i] > best[next]) {
				next = i
			}
		}
		if best[next] == 0 {
			next = r.root(done)
		}
		done[next] = true
		for i := range r.n {
			if s := r.square(i, next); !done[i] && s >= leastSquare && s > best[i] {
				parents[i], best[i] = next, s
			}
		}
	}
	return parents
}

// root is a band outside the trees: the one that is most like the others there, or, of
// many, the first.
func (r *Relation) root(done []bool) int {
	root, most := -1, -1.0
	for i := range r.n {
		if done[i] {
			continue
		}
		if r.n > allBands {
			return i
		}
		sum := 0.0
		for j := range r.n {
			if j != i && !done[j] {
				sum += r.square(i, j)
			}
		}
		if sum > most {
			root, most = i, sum
		}
	}
	return root
}
