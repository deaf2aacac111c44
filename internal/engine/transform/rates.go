package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// Costs and distortions of the encoder are integers in 1/16 of a squared
// coefficient unit (1/8 level): J = D·16 + λ·Step²·bits·16.
const distScale = 4

// λ of the quantiser and the split decision, and of the front image, whose
// errors are amplified, in 1/256 of Δ² a bit.
const (
	lambdaQuant = 28 // 0.11
	lambdaFront = 21 // 0.08
)

// rates holds what symbols cost at one step.
type rates struct {
	step int64
	// symbol is the cost of each token; of AC tokens with their sign.
	symbol [nContexts * rans.Symbols]int32
	// bit is the cost of one raw bit, frontBit of one in the front image.
	bit, frontBit int64
}

// cost is the cost of a token.
func (r *rates) cost(ctx, symbol int) int64 { return int64(r.symbol[ctx*rans.Symbols+symbol]) }

func price(step, lambda, bits int64) int64 {
	return bits * step * step * lambda >> (8 + rans.CostFrac - distScale)
}

func newRates(step int) *rates {
	s := int64(step)
	r := &rates{
		step: s, bit: price(s, lambdaQuant, 1<<rans.CostFrac), frontBit: price(s, lambdaFront, 1<<rans.CostFrac),
	}
	for c := range nContexts {
		lambda := int64(lambdaQuant)
		if c >= ctxFront && c < ctxAC {
			lambda = lambdaFront
		}
		for k := range rans.Symbols {
			bits := rans.Cost(universal.Universal[c][k])
			if c >= ctxAC && k > 0 {
				bits += 1 << rans.CostFrac
			}
			r.symbol[c*rans.Symbols+k] = int32(min(price(s, lambda, bits), 1<<30))
		}
	}
	return r
}

// zeroRates price nothing: quantising by them is plain rounding.
func zeroRates(step int) *rates { return &rates{step: int64(step)} }

// divider divides magnitudes below 2^20 by the step.
type divider struct{ rcp uint64 }

func newDivider(step int) divider { return divider{(1<<32 + uint64(step) - 1) / uint64(step)} }

func (d divider) div(a int64) int64 { return int64(uint64(a) * d.rcp >> 32) }
