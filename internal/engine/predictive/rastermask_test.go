package predictive

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSharedMask: what leaves all planes are the samples that are of the same class in each, where these are
// enough and make up the same cells.
func TestSharedMask(t *testing.T) {
	const w, h = 40, 24
	r := rand.New(rand.NewPCG(2, 9))
	for round := range 300 {
		planes, strays, whole := 1+round%4, r.IntN(3), r.IntN(8) == 0
		base := make([]byte, w*h)
		for k := range base {
			if k%w+k/w < round%60 {
				base[k] = 1
			}
		}
		var masks []classesOf
		for i := range planes {
			c := append([]byte(nil), base...)
			for range strays {
				c[r.IntN(len(c))] ^= 1
			}
			if whole && i > 0 {
				for y := range 8 {
					for x := range 8 {
						c[(h-8+y)*w+w-8+x] = 1
					}
				}
			}
			masks = append(masks, classesOf{i, c})
		}
		shared, worth := sharedMask(masks, plainHead(planes, w, h))
		common, n, same, cells := make([]byte, w*h), 0, true, true
		for k := range common {
			common[k] = masks[0].classes[k]
			for _, m := range masks {
				if m.classes[k] != masks[0].classes[k] {
					common[k], same = 0, false
				}
			}
			n += int(common[k])
		}
		for y := 0; y < h; y += 8 {
			for x := 0; x < w; x += 8 {
				full := func(c []byte) bool {
					for k := range 64 {
						if c[(y+k/8)*w+x+k%8] == 0 {
							return false
						}
					}
					return true
				}
				for _, m := range masks {
					cells = cells && full(m.classes) == full(common)
				}
			}
		}
		require.Equal(t, n*maskShare >= w*h && cells, worth, "round %d: %d common samples", round, n)
		if worth && !same {
			require.Equal(t, common, shared, "round %d", round)
		} else {
			require.Nil(t, shared, "round %d", round)
		}
	}
	_, worth := sharedMask(make([]classesOf, 1), plainHead(2, w, h))
	require.False(t, worth, "a plane has none")
}
