//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	_ "embed"
	"encoding/binary"
	"fmt"
)

// The built-in tables (FORMAT.md, "Built-in tables").
var (
	//go:embed tables/transform.bin
	lossyTables []byte
	//go:embed tables/predicted.bin
	predictedTables []byte
	//go:embed tables/predictive.bin
	exactTables []byte
	//go:embed tables/corrections.bin
	correctionTables []byte
	//go:embed tables/restore.bin
	restoreWeights []byte
	//go:embed tables/classes.bin
	classTables []byte
)

// Constants of FORMAT.md, "Tables".
var (
	octaves = []int{1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 19, 23, 27, 32, 38, 45,
		54, 64, 76, 91, 108, 128, 152, 181, 215, 256, 304, 362, 431, 512, 609, 724, 861, 1024, 1218, 1448, 1722, 2048}
	// indexBounds[i] is the least frequency of indexValues[i].
	indexBounds = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 18, 21, 25, 30, 35, 42, 50, 59, 70, 83, 99,
		118, 140, 166, 198, 235, 280, 332, 395, 470, 559, 664, 790, 939, 1117, 1328, 1580, 1878}
	indexValues = []int{0, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
		28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44}
)

// Numbers of contexts of the transform engine: those whose tables files may replace, without modes
// of leaves and with them, and those of step classes behind both.
const (
	TransformContexts = 526
	PredictedContexts = 1214
	ClassContexts     = 30
	AllContexts       = PredictedContexts + ClassContexts
)

// TransformAlphabet is the number of symbols of a context of the transform engine.
func TransformAlphabet(context int) int {
	switch {
	case context < 12:
		return 2
	case context >= 526 && context < 547:
		return 14
	case context >= 547 && context < 610:
		return 15
	case context >= 614 && context < 746:
		return 2
	}
	return 16
}

// model is what PLAN tells of all tiles.
type model struct {
	tables     [][16]int // frequencies by context, of layered tiles the contexts of the corrections
	baseTables [][16]int // of the bases of layered tiles

	// Of the predictive engine:
	Values     [][]int64 // of each plane, nil where it is coded as it is
	Fitted     []bool    // whether weights of the plane are not the default
	weights    [][nClasses][19]int32
	mapped     []rasterBand // of each band of a raster
	planeBands []int        // the band of each plane of a raster
	planes     []int        // the plane of each band of a raster
}

// readModel reads what PLAN ends with.
func (f *File) readModel(data []byte) error {
	var err error
	switch f.Engine {
	case Transform:
		f.tables, err = lossyFrequencies(data, f.Predicted)
	case Predictive:
		err = f.readExact(data)
	case Layered:
		err = f.readLayered(data)
	}
	if err != nil {
		return fmt.Errorf("PLAN: %w", err)
	}
	return nil
}

// lossyFrequencies are the tables of the transform engine, as data replaces them.
func lossyFrequencies(data []byte, predicted bool) ([][16]int, error) {
	tables := frequencies(lossyTables, TransformContexts)
	if predicted {
		tables = frequencies(predictedTables, PredictedContexts)
	}
	var err error
	if len(data) > 0 {
		err = replaceTables(tables, &rawBits{data: data}, TransformAlphabet)
	}
	tables = append(tables, frequencies(predictedTables, PredictedContexts)[len(tables):]...)
	return append(tables, frequencies(classTables, ClassContexts)...), err
}

// frequencies parses n tables.
func frequencies(data []byte, n int) [][16]int {
	tables := make([][16]int, n)
	for i := range n * 16 {
		tables[i/16][i%16] = int(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return tables
}

// replaceTables replaces tables, to the front of the raw bits; alphabet is the number of
// symbols of a context.
func replaceTables(tables [][16]int, r *rawBits, alphabet func(context int) int) error {
	for c := 0; ; c++ {
		gap := r.ExpGolomb()
		if r.bad || gap > uint32(len(tables)-c) {
			return fmt.Errorf("Tables: %d contexts after context %d keep their tables, expected at most %d", gap, c, len(tables)-c)
		}
		if c += int(gap); c == len(tables) {
			break
		}
		var counts [16]int
		for s := range alphabet(c) {
			d := unzigzag(r.ExpGolomb())
			if r.bad || d < -45 || d > 45 {
				return fmt.Errorf("Tables: table %d: symbol %d moves by %d, expected −45 to 45", c, s, d)
			}
			index := indexValues[reached(tables[c][s], indexBounds)-1]
			counts[s] = octaves[clamp(index+int(d), 0, 44)]
		}
		tables[c] = normalise(counts, alphabet(c))
	}
	if r.used() != len(r.data) {
		return fmt.Errorf("Tables: %d bytes read of %d, expected all", r.used(), len(r.data))
	}
	return nil
}

func unzigzag(z uint32) int32 { return int32(z>>1) ^ -int32(z&1) }

// normalise is Normalise(count, n).
func normalise(counts [16]int, n int) (f [16]int) {
	total, sum, m := 0, 0, 0
	for s := range n {
		total += counts[s]
	}
	for s := range n {
		f[s] = max(1, (counts[s]*2048+total/2)/total)
		sum += f[s]
		if f[s] > f[m] {
			m = s
		}
	}
	for sum > 2048 {
		take := min(sum-2048, f[m]-1)
		f[m] -= take
		sum -= take
		for s := range n {
			if f[s] > f[m] {
				m = s
			}
		}
	}
	f[m] += 2048 - sum
	return f
}

// reached is the number of bounds that v reaches.
func reached(v int, bounds []int) int {
	n := 0
	for n < len(bounds) && v >= bounds[n] {
		n++
	}
	return n
}

func clamp[T int | int32 | int64](v, lo, hi T) T { return min(max(v, lo), hi) }

func abs[T int | int32 | int64](v T) T { return max(v, -v) }
