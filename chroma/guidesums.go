package chroma

// GuideSums tell what a guide does to how far pixels are off. They are sums of products of two of these: how far
// luma is off, how far a plane of chroma is without a guide, and how far the guide moves it.
type GuideSums struct {
	Luma2, LumaOff, Off2, LumaMoved, OffMoved, Moved2 int64
}

// add adds a pixel.
func (s *GuideSums) add(luma, off, moved int64) {
	s.Luma2 += luma * luma
	s.LumaOff += luma * off
	s.Off2 += off * off
	s.LumaMoved += luma * moved
	s.OffMoved += off * moved
	s.Moved2 += moved * moved
}

// Add adds sums some times.
func (s *GuideSums) Add(o *GuideSums, times int64) {
	s.Luma2 += times * o.Luma2
	s.LumaOff += times * o.LumaOff
	s.Off2 += times * o.Off2
	s.LumaMoved += times * o.LumaMoved
	s.OffMoved += times * o.OffMoved
	s.Moved2 += times * o.Moved2
}

// Sum adds the pixels of row y of luma, or of two rows from there on, to the sums of Cb and Cr. Rows has found the slopes of
// chroma around them. want are planes of full resolution of so many rows, which are what these should be.
func (g *Guide) Sum(sums *[2]GuideSums, want []Plane, y int) {
	if !g.vectorSum(sums, want, y) {
		g.genericSum(sums, want, y)
	}
}

func (g *Guide) genericSum(sums *[2]GuideSums, want []Plane, y int) {
	n := g.planes[0].W
	if len(g.upsampled) < 4*n {
		g.upsampled = make([]uint16, 4*n)
	}
	row := func(i int) []uint16 { return g.upsampled[i*n:][:n] }
	plain, guided := [2][]uint16{row(0), row(1)}, [2][]uint16{row(2), row(3)}
	for j := range want[0].H {
		g.upsample(plain, guided, y+j)
		luma, wantLuma := g.planes[0].row(y+j), want[0].row(j)
		for i := range sums {
			want := want[1+i].row(j)
			for x, v := range plain[i] {
				sums[i].add(int64(luma[x])-int64(wantLuma[x]), int64(v)-int64(want[x]), int64(guided[i][x])-int64(v))
			}
		}
	}
}

// upsample writes row y of Cb and Cr in the resolution of luma, as Inverse makes it: without a guide, and with one.
func (g *Guide) upsample(plain, guided [2][]uint16, y int) {
	var buf [chromaRun]uint32
	for x, w := 0, len(plain[0]); x < w; x += chromaRun - 2 {
		n := min(w-x, chromaRun-2)
		c := upsample(&buf, &g.planes[1], &g.planes[2], x, y, n)
		unpackChroma(plain[0][x:], plain[1][x:], c)
		g.add(c, g.planes[0].row(y)[x:][:n], x, y)
		unpackChroma(guided[0][x:], guided[1][x:], c)
	}
}

// unpackChroma splits packed chroma.
func unpackChroma(cb, cr []uint16, c []uint32) {
	for i, v := range c {
		cb[i], cr[i] = uint16(v), uint16(v>>16)
	}
}
