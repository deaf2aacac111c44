package jpeg
import ("testing";"math/rand/v2")
func BenchmarkIDCT(b *testing.B) {
	for _, n := range []int{0, 3, 8, 20, 63} {
		var bl [64]block
		for i := range bl {
			rnd := rand.New(rand.NewPCG(uint64(i), 3))
			bl[i].coef[0] = int16(rnd.IntN(200)-100)
			for range n { bl[i].set(1+rnd.IntN(n), int32(rnd.IntN(40)-20)) }
		}
		q := new([64]uint16)
		for i := range q { q[i] = uint16(2+i/2) }
		dst := make([]byte, 64)
		b.Run(string(rune('0'+n/10))+string(rune('0'+n%10)), func(b *testing.B) {
			i := 0
			for b.Loop() { bl[i&63].idct(q, dst, 8); i++ }
		})
	}
}
