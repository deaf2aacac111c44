//go:build !purego

package transform

//lint:file-ignore U1000 constants that the kernel knows

import "github.com/qtgpu/qtgpu/internal/rans"

// Where the numbers of contexts' tables lie, for the kernel.
const (
	tableBytes = rans.TableBytes
	tableCum   = rans.TableCum
	tableScale = rans.Scale - 1
	tableBits  = rans.ProbBits
	tableShift = rans.TableShift
	tableLower = rans.Lower
)

// levelScratch is the memory of the kernel.
type levelScratch struct {
	kernel levelKernel
	found  [maxN*maxN + 1]foundLevel // of which the kernel writes one more than it finds
}

// levelKernel is what levelSymbols works on. The states and the words are the decoder's.
type levelKernel struct {
	x      [2]uint32      // the next token's first
	words  *byte          // the next one
	taken  int            // of the words
	tables *rans.DecTable // from the first context of the leaf's size on
	mag    *magnitudes
	class  *uint8 // magnitudeClass
	found  *foundLevel
}

// symbols decodes levels without their signs from the first of places on, up to an escape or to where words may
// be missing. It returns how many, and those that are not 0.
func (s *levelScratch) symbols(d *rans.Decoder, tables []rans.DecTable, mag *magnitudes, places []scanPos) (n int, found []foundLevel) {
	x, words := d.Words()
	if n = min(len(places), len(words)/2); n == 0 || !vector {
		return 0, nil
	}
	k := &s.kernel
	k.x, k.words, k.tables = x, &words[0], &tables[:frequencyClasses*magnitudeClasses][0]
	k.mag, k.class, k.found = mag, &magnitudeClass[0], &s.found[0]
	n, some := levelSymbols(k, &places[0], n)
	d.TakeWords(k.x, k.taken)
	return n, s.found[:some]
}

// levelSymbols decodes up to n levels, of each of which there is a word. It knows the layout of rans.DecTable.
//
//go:noescape
func levelSymbols(k *levelKernel, places *scanPos, n int) (done, found int)

// productsOf sums up the products of n times 8 numbers with others, and with themselves.
//
//go:noescape
func productsOf(a, b *int32, n int) (both, first int64)
