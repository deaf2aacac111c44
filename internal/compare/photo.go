package compare

import (
	"context"
	"math"

	"github.com/qtgpu/qtgpu/internal/progress"
)

// target is what the files of peers are to come to.
type target struct {
	own   *measured
	pilot curvePoint // qtgpu on the pilot
}

// photo compares a photograph at equal PSNR and at equal bytes.
func (r *runner) photo(ctx context.Context, t float64, work *progress.Work) ([]Table, error) {
	r.fine = t < 2
	us := own(selfProgram, lossy, "")
	us.curve = nil
	if r.opt.Curves {
		us.curve = ownT
	}
	all := r.of(lossy)
	work = work.Of(int64(len(all) + 1))
	r.say("qtgpu, T = %s", number(t))
	coding := r.resume(us, r.original)
	mine, err := coding.row(ctx, number(t), nil)
	if err != nil {
		return nil, err
	}
	psnr, size := Table{By: ByPSNR, Rows: []Row{mine.Row}}, Table{By: ByBytes, Rows: []Row{mine.Row}}
	if mine.Error != "" {
		return []Table{psnr, size}, nil
	}
	mine.match(0, 0)
	psnr.Rows[0], size.Rows[0] = mine.Row, mine.Row
	bytes := float64(mine.Bytes)
	psnr.Target, size.Target = mine.PSNR, &bytes
	goal := &target{own: mine}
	if r.opt.Curves || r.pilot != r.original {
		if goal.pilot, err = r.ownPilot(ctx, us, t); err != nil {
			return nil, err
		}
	}
	work.Add(1)
	sized := []*measured{mine}
	for _, p := range all {
		r.say("%s, T = %s", p.name, number(t))
		a, b, err := r.peer(ctx, p, goal)
		if err != nil {
			return nil, err
		}
		if mine.PSNR != nil {
			psnr.Rows = append(psnr.Rows, a.Row)
		}
		size.Rows = append(size.Rows, b.Row)
		sized = append(sized, b)
		work.Add(1)
	}
	if err := r.cutCrops(ctx, t, sized); err != nil {
		return nil, err
	}
	if mine.PSNR != nil {
		return []Table{psnr, size}, nil
	}
	// What loses nothing stands beside what loses nothing.
	plain, err := r.lossless(ctx, t, nil)
	return []Table{plain, size}, err
}

// peer finds the files of a peer of the PSNR and of the bytes of qtgpu's.
func (r *runner) peer(ctx context.Context, p *peer, goal *target) (psnr, size *measured, err error) {
	c := r.resume(p, r.original)
	fail := func(err error) (*measured, *measured, error) {
		m := &measured{Row: Row{Codec: p.name, ID: p.id, Program: c.version()}}
		err = c.settle(ctx, m, err)
		return m, m, err
	}
	var on *curve
	if r.opt.Curves || r.pilot != r.original {
		if on, err = r.curve(ctx, p); err != nil {
			return fail(err)
		}
	}
	var q string
	if psnr = (&measured{}); goal.own.PSNR != nil {
		if q, err = c.findPSNR(ctx, on, goal); err != nil {
			return fail(err)
		}
		if psnr, err = c.row(ctx, q, nil); err != nil {
			return nil, nil, err
		}
		if psnr.Error == "" {
			psnr.match(*psnr.PSNR-*goal.own.PSNR, withinDB)
		}
	}
	if q, err = c.findBytes(ctx, on, goal); err != nil {
		return fail(err)
	}
	if size, err = c.row(ctx, q, oftenIfFast); err != nil {
		return nil, nil, err
	}
	size.match(float64(size.Bytes)/float64(goal.own.Bytes)-1, withinBytes)
	return psnr, size, nil
}

// oftenIfFast runs what is slow once, where the table by PSNR has times of the same codec.
func oftenIfFast(p *probe) int {
	if p.encodes[0]+p.decodes[0] > slow {
		return 1
	}
	return mostRuns
}

// findPSNR is the setting whose PSNR is nearest to qtgpu's.
func (c *coding) findPSNR(ctx context.Context, on *curve, goal *target) (string, error) {
	s := &search{
		steps: c.peer.knob.steps, known: c.known(func(p *probe) float64 { return p.psnr }),
	}
	s.measure = func(i int) (float64, error) {
		p, err := c.probe(ctx, c.peer.knob.text(i))
		if err == nil {
			err = c.measurePSNR(ctx, p)
		}
		if err != nil {
			return 0, err
		}
		return p.psnr, nil
	}
	if on != nil {
		s.guess = func(i int) float64 { return on.between(float64(i), psnrOf) }
		s.shift = *goal.own.PSNR - goal.pilot.psnr
	}
	return c.found(s.find(*goal.own.PSNR, withinDB))
}

// findBytes is the setting whose bytes are nearest to qtgpu's.
func (c *coding) findBytes(ctx context.Context, on *curve, goal *target) (string, error) {
	s := &search{
		steps: c.peer.knob.steps, known: c.known(func(p *probe) float64 { return math.Log(float64(p.bytes)) }),
		measure: func(i int) (float64, error) {
			p, err := c.probe(ctx, c.peer.knob.text(i))
			if err != nil {
				return 0, err
			}
			return math.Log(float64(p.bytes)), nil
		},
	}
	if on != nil {
		s.guess = func(i int) float64 { return on.between(float64(i), logBytesOf) }
		s.shift = math.Log(float64(goal.own.Bytes)) - math.Log(float64(goal.pilot.bytes))
	}
	return c.found(s.find(math.Log(float64(goal.own.Bytes)), math.Log1p(withinBytes)))
}

// found is the setting that a search has come to.
func (c *coding) found(best int, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return c.peer.knob.text(best), nil
}
