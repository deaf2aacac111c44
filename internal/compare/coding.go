package compare

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// coding is a peer at work on an original.
type coding struct {
	*runner
	peer   *peer
	of     *original
	prefix string // of the names of its files
	t      float64
	probes map[string]*probe // by setting
}

// probe is a file that a peer has made.
type probe struct {
	setting string
	out     string
	bytes   int64
	psnr    float64 // NaN until it is decoded
	encodes []time.Duration
	decodes []time.Duration
}

// start begins to work, at a threshold where it is one that decides.
func (r *runner) start(p *peer, of *original, t float64) *coding {
	c := &coding{runner: r, peer: p, of: of, t: t, probes: map[string]*probe{}}
	if of != r.original {
		c.prefix = "pilot-"
	}
	if r.fine {
		c.prefix += "444-"
	}
	return c
}

// resume goes on with the work on a photograph, whose files do not depend on a threshold.
func (r *runner) resume(p *peer, of *original) *coding {
	c := r.start(p, of, 0)
	key := c.prefix + p.id
	if r.codings[key] == nil {
		r.codings[key] = c
	}
	return r.codings[key]
}

// lossless tells whether a palette stays one.
func (c *coding) lossless() bool { return c.peer.class == lossless }

// names are what stands in command lines.
func (c *coding) names(p *probe) (map[string]string, error) {
	colours := !c.lossless()
	in, err := c.input(c.of, c.peer.in, colours)
	if err != nil {
		return nil, err
	}
	chroma, sampling, pam, predictor := "420", "2x2", "-ppm", "2"
	switch {
	case c.of.gray():
		chroma, sampling = "400", "1x1"
	case c.fine:
		chroma, sampling = "444", "1x1"
	}
	if c.of.alpha() {
		pam = "-pam"
	}
	if c.of.format.Type.Float() {
		predictor = "3"
	}
	back := c.prefix + "back" + c.of.ext(c.of.as(c.peer.back, colours))
	if c.of.alpha() && c.peer.family == "webp" {
		back = c.prefix + "back.pam"
	} else if c.peer.family == "webp" {
		back = c.prefix + "back.ppm" // of gray, too: -pgm is luma and chroma
	}
	return map[string]string{
		"in": in, "out": p.out, "back": back, "q": p.setting, "t": number(c.t), "jobs": strconv.Itoa(c.opt.Jobs),
		"chroma": chroma, "sampling": sampling, "pam": pam, "predictor": predictor,
	}, nil
}

// number is a number as command lines and settings have it.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// commands are the command lines of a probe.
func (c *coding) commands(p *probe) (encode, decode string) {
	names, err := c.names(p)
	if err != nil {
		return "", ""
	}
	if c.peer.go_ != nil {
		return strings.NewReplacer("{q}", p.setting).Replace(c.peer.encode), c.peer.decode
	}
	return strings.Join(line(c.peer.encode, names), " "), strings.Join(line(c.peer.decode, names), " ")
}

// probe is the file of a setting, which is made if it is not there.
func (c *coding) probe(ctx context.Context, setting string) (*probe, error) {
	if p := c.probes[setting]; p != nil {
		return p, nil
	}
	name := c.prefix + c.peer.id
	if setting != "" {
		name += "-" + setting
	}
	if c.lossless() {
		name += "-lossless"
	}
	p := &probe{setting: setting, out: name + c.peer.ext, psnr: math.NaN()}
	if err := c.encode(ctx, p); err != nil {
		return nil, err
	}
	c.probes[setting] = p
	return p, nil
}

// encode makes the file of a probe.
func (c *coding) encode(ctx context.Context, p *probe) error {
	took, err := c.run(ctx, p, c.peer.encode, p.out, c.encodeInGo)
	if err == nil {
		if p.bytes, err = c.opt.Shop.size(p.out); err == nil && p.bytes == 0 {
			err = errNothing
		}
	}
	if err != nil {
		return explained(ctx, "encoding", c.peer.encoder, err)
	}
	p.encodes = append(p.encodes, took)
	return nil
}

// explained says what failed, if anything did.
func explained(ctx context.Context, what string, p *program, err error) error {
	switch {
	case err == nil:
		return nil
	case ends(ctx, err) != nil:
		return ends(ctx, err)
	case p == nil:
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %s: %w", what, p.name, err)
}

// run runs a command line that writes a file, or what Go has instead.
func (c *coding) run(ctx context.Context, p *probe, template, writes string, inGo func(p *probe) error) (time.Duration, error) {
	if c.peer.go_ != nil {
		if err := c.opt.Shop.begin(); err != nil {
			return 0, err
		}
		defer c.opt.Shop.running.Done()
		start := time.Now()
		err := inGo(p)
		return time.Since(start), err
	}
	names, err := c.names(p)
	if err != nil {
		return 0, err
	}
	args := line(template, names)
	at := c.tools.self
	if args[0] != "qtgpu" {
		if at, err = c.tools.get(ctx, &program{name: args[0]}); err != nil {
			return 0, err
		}
	}
	if writes == "" {
		writes = names["back"]
	}
	c.opt.Shop.remove(writes)
	args[0] = at.path
	took, _, err := c.opt.Shop.run(ctx, args, c.limits)
	return took, err
}

// encodeInGo writes the file of a probe by Go's library.
func (c *coding) encodeInGo(p *probe) error {
	m := c.of.image
	if !c.lossless() {
		m = c.of.colours()
	}
	var b bytes.Buffer
	if err := c.peer.go_.encode(&b, m.Std(), p.setting); err != nil {
		return err
	}
	return os.WriteFile(c.opt.Shop.path(p.out), b.Bytes(), 0o600)
}

// decoded is what was decoded of a probe: a picture, or a raster that is open.
type decoded struct {
	picture *imagefile.Image
	raster  *imagefile.File
	close   func() error
}

// decode decodes a probe.
func (c *coding) decode(ctx context.Context, p *probe) (*decoded, error) {
	m, err := c.decodeOnce(ctx, p)
	if err != nil {
		return nil, err
	}
	d, err := c.open(ctx, p, m)
	return d, explained(ctx, "decoding", c.peer.decoder, err)
}

// decodeOnce decodes a probe into a file, or by Go's library into a picture.
func (c *coding) decodeOnce(ctx context.Context, p *probe) (m *imagefile.Image, err error) {
	took, err := c.run(ctx, p, c.peer.decode, "", func(p *probe) error {
		b, err := os.ReadFile(c.opt.Shop.path(p.out))
		if err == nil {
			m, err = c.peer.go_.picture(b)
		}
		return err
	})
	if err != nil {
		return nil, explained(ctx, "decoding", c.peer.decoder, err)
	}
	p.decodes = append(p.decodes, took)
	return m, nil
}

// open gives what was decoded the shape of the original.
func (c *coding) open(ctx context.Context, p *probe, inGo *imagefile.Image) (*decoded, error) {
	if inGo != nil {
		if inGo.W != c.of.image.W || inGo.H != c.of.image.H {
			return nil, fmt.Errorf("%d×%d pixels, expected %d×%d", inGo.W, inGo.H, c.of.image.W, c.of.image.H)
		}
		m, err := asChannels(inGo, c.of.image.Channels)
		return &decoded{picture: m, close: func() error { return nil }}, err
	}
	names, err := c.names(p)
	if err != nil {
		return nil, err
	}
	if _, err := c.opt.Shop.size(names["back"]); err != nil {
		return nil, err
	}
	file, err := os.Open(c.opt.Shop.path(names["back"]))
	if err != nil {
		return nil, err
	}
	f, err := c.of.open(file)
	if err == nil && c.of.image == nil {
		return &decoded{raster: f, close: file.Close}, nil
	}
	d := &decoded{close: func() error { return nil }}
	if err == nil {
		d.picture, err = c.of.picture(ctx, f)
	}
	file.Close()
	return d, err
}

// measurePSNR decodes a probe for its PSNR.
func (c *coding) measurePSNR(ctx context.Context, p *probe) error {
	if !math.IsNaN(p.psnr) {
		return nil
	}
	d, err := c.decode(ctx, p)
	if err != nil {
		return err
	}
	p.psnr = newCells(c.of.image.Interleaved, d.picture.Interleaved).psnr(c.of)
	return nil
}

// measure decodes a probe for all figures, of a picture with the cells of its errors.
func (c *coding) measure(ctx context.Context, p *probe) (f measures, e *cells, err error) {
	d, err := c.decode(ctx, p)
	if err != nil {
		return f, nil, err
	}
	defer d.close()
	if d.picture == nil {
		f, err = c.of.ofRaster(ctx, d.raster)
	} else {
		f, err = c.of.ofPicture(d.picture)
		e = newCells(c.of.image.Interleaved, d.picture.Interleaved)
		p.psnr = f.psnr
	}
	return f, e, explained(ctx, "decoding", c.peer.decoder, err)
}

// slow is from where on a setting is not run again where a table needs its times least.
const slow = 3 * time.Second

// mostRuns are what times are medians of.
const mostRuns = 3

// again runs a probe until there are some times of it.
func (c *coding) again(ctx context.Context, p *probe, runs int) error {
	for len(p.encodes) < runs {
		if err := c.encode(ctx, p); err != nil {
			return err
		}
	}
	for len(p.decodes) < runs {
		if _, err := c.decodeOnce(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// median is the middle of some times, in seconds.
func median(t []time.Duration) float64 {
	if len(t) == 0 {
		return 0
	}
	t = slices.Sorted(slices.Values(t))
	return t[len(t)/2].Seconds()
}
