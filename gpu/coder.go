//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/qtgpu/qtgpu/tree"
)

// Coder implements tree.Backend.
func (b *backend) Coder() tree.Coder { return b }

// Transform implements tree.Coder.
func (b *backend) Transform(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]int32, error) {
	out := make([][]int32, len(works))
	for i := range works {
		out[i] = make([]int32, len(works[i].Numbers)<<(2*works[i].Level))
	}
	err := b.each(ctx, p, works, stage{
		begin: func(*slot) error { return nil },
		collect: func(s *slot) error {
			n := 1 << (2 * s.level)
			return s.coefs.read(4*n*len(s.at), func(data unsafe.Pointer) {
				coefs := unsafe.Slice((*int32)(data), n*len(s.at))
				for k, i := range s.at {
					for j := range n {
						out[s.work][i*n+j] = coefs[j*len(s.at)+k]
					}
				}
			})
		},
	})
	return out, err
}

// Costs implements tree.Coder.
func (b *backend) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	out := make([][]tree.Cost, len(works))
	for i := range works {
		out[i] = make([]tree.Cost, len(works[i].Numbers))
	}
	err := b.each(ctx, p, works, stage{
		begin: b.price,
		collect: func(s *slot) error {
			return s.out.read(costBytes*len(s.at), func(data unsafe.Pointer) {
				for k, c := range unsafe.Slice((*tree.Cost)(data), len(s.at)) {
					out[s.work][s.at[k]] = c
				}
			})
		},
	})
	return out, err
}

// costBytes is the size of a tree.Cost.
const costBytes = 16

// price begins the stage cost.
func (b *backend) price(s *slot) error {
	if err := s.out.reserve(costBytes * len(s.at)); err != nil {
		return err
	}
	if err := b.use(program{file: "cost.comp", level: s.level}); err != nil {
		return err
	}
	s.bind()
	bind(outBinding, &s.out)
	return b.dispatchLinear(len(s.at), 1, fmt.Sprintf("cost %d", 1<<s.level))
}

// Quantise implements tree.Coder.
func (b *backend) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	out := make([]tree.Outcomes, len(works))
	for i := range works {
		out[i] = make(tree.Outcomes, len(works[i].Numbers))
	}
	err := b.each(ctx, p, works, stage{
		begin: func(s *slot) error {
			if err := s.records.reserve(recordBytes * len(s.at) << (2 * s.level)); err != nil {
				return err
			}
			return b.quantise(s)
		},
		collect: func(s *slot) error { return b.collectRecords(s, out[s.work]) },
	})
	return out, err
}

// recordBytes is the room for the records of leaves, for each sample, as long as no more is needed.
const recordBytes = 2

// outHead is the words that begin the output of quantise.comp.
const outHead = 2

// quantise begins the stage quantise.
func (b *backend) quantise(s *slot) error {
	if err := s.out.reserve(4*outHead + 8*len(s.at)); err != nil {
		return err
	}
	write(&s.out, 0, []uint32{0, uint32(s.records.size / 4)})
	if err := b.use(program{file: "quantise.comp", level: s.level}); err != nil {
		return err
	}
	s.bind()
	bind(outBinding, &s.out)
	bind(recordsBinding, &s.records)
	return b.dispatchLinear(len(s.at), 1, fmt.Sprintf("quantise %d", 1<<s.level))
}

// collectRecords copies records to their places. Where they take more room than there was, they are
// made again.
func (b *backend) collectRecords(s *slot, dst tree.Outcomes) error {
	for {
		used := 0
		if err := s.out.read(4*outHead, func(data unsafe.Pointer) { used = int(*(*uint32)(data)) }); err != nil {
			return err
		}
		if 4*used <= s.records.size {
			return s.readRecords(dst, used)
		}
		if err := s.records.reserve(4 * used); err != nil {
			return err
		}
		if err := b.quantise(s); err != nil {
			return err
		}
		if err := newFence().wait(); err != nil {
			return err
		}
	}
}

func (s *slot) readRecords(dst tree.Outcomes, used int) error {
	words := make([]uint32, used)
	err := s.records.read(4*used, func(data unsafe.Pointer) { copy(words, unsafe.Slice((*uint32)(data), used)) })
	if err != nil {
		return err
	}
	return s.out.read(4*outHead+8*len(s.at), func(data unsafe.Pointer) {
		heads := unsafe.Slice((*[2]uint32)(unsafe.Add(data, 4*outHead)), len(s.at))
		for k, i := range s.at {
			from, n := heads[k][0], heads[k][1]
			dst[i] = tree.Record(words[from : from+n : from+n])
		}
	})
}
