package qtgpu

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Plan is all that coding the tiles of a raster depends on besides their samples. By a
// plan, parts of whole rows of tiles are coded on any number of machines; Merge makes of
// them the file that EncodeRaster writes of the whole, byte for byte.
//
// A plan is JSON where it is stored. Only the version of this module that has made it
// codes by it. The zero value is of use to UnmarshalJSON alone.
type Plan struct {
	plan *engine.Plan
	meta Metadata
}

// NewPlan makes the plan by which EncodeRaster codes src. It reads at most 128 tiles, or
// all of a small raster.
func NewPlan(ctx context.Context, src raster.Source, o *Options) (*Plan, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.Plan != nil {
		return nil, errors.New("qtgpu: a plan by another plan, expected Options.Plan to be nil")
	}
	if opt.aims() {
		return nil, errors.New("qtgpu: a plan by a target, expected Options.T: what a file comes to is known when all of it is coded")
	}
	e := &encoding{opt: &opt, src: src}
	enc, err := e.encoder(ctx)
	if err != nil {
		return nil, public(err)
	}
	e.work.Finish()
	return &Plan{enc.Plan(), *e.meta}, nil
}

// Format is of what is coded: the colours of indices where they are not.
func (p *Plan) Format() raster.Format { return p.plan.Format }

// Rows is the number of rows of tiles.
func (p *Plan) Rows() int { return p.plan.Grid().Down() }

// RowBytes is the number of bytes of the samples of a row of tiles.
func (p *Plan) RowBytes() int64 {
	f := p.plan.Format
	f.Height = min(1<<p.plan.TileLog2, f.Height)
	return f.Bytes()
}

// Lossless tells whether all samples come back as they are.
func (p *Plan) Lossless() bool { return p.plan.Lossless() }

// Hash is the hash of the plan, which its parts hold.
func (p *Plan) Hash() [32]byte { return pipeline.PlanHash(p.plan) }

// Engine is the coder of the tiles.
func (p *Plan) Engine() Engine { return engineOf(p.plan.Engine) }

// EncodePart writes the rows of tiles from first on, before end, as a .qtg file of their
// own. Only the fields Workers, Memory, Backend and Progress of o count.
func (p *Plan) EncodePart(ctx context.Context, w io.Writer, src raster.Source, first, end int, o *Options) error {
	var opt Options
	if o != nil {
		opt = Options{Workers: o.Workers, Memory: o.Memory, Backend: o.Backend, Progress: o.Progress}
	}
	return public(p.encodePart(ctx, w, src, first, end, &opt))
}

func (p *Plan) encodePart(ctx context.Context, w io.Writer, src raster.Source, first, end int, o *Options) error {
	if err := cmp.Or(p.check(), o.checkWork()); err != nil {
		return err
	}
	src, err := engine.InScale(src)
	if err != nil {
		return err
	}
	e := &encoding{opt: o, plan: p.plan}
	e.src = e.coloured(src)
	if err := pipeline.SameSamples(e.src.Format(), &p.plan.Format); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	total := p.RowBytes() / int64(p.plan.Format.Type.Size()*len(p.plan.Format.Bands)) * int64(end-first)
	e.work = progress.New(total, o.Progress)
	env := e.env(e.work.Rest())
	enc, err := pipeline.NewEncoder(p.plan, env)
	if err != nil {
		return err
	}
	job := &pipeline.Job{Env: env}
	if first == 0 {
		job.Metadata = p.meta.chunks()
	}
	return pipeline.WritePart(ctx, w, enc, e.src, pipeline.Rows{Min: first, Max: end}, job)
}

// check tells the zero value from a plan.
func (p *Plan) check() error {
	if p.plan == nil {
		return errors.New("the plan is empty, expected one of NewPlan or of its JSON")
	}
	return nil
}

// byPlan codes the source by the plan of the options.
func (e *encoding) byPlan() (engine.Encoder, error) {
	if err := e.opt.checkBesidePlan(); err != nil {
		return nil, err
	}
	plan := *e.opt.Plan.plan
	e.plan = &plan
	if e.meta = e.opt.metadata(&plan.Params, e.src.Format()); e.meta.empty() {
		e.meta = &e.opt.Plan.meta
	}
	src, err := engine.InScale(e.src)
	if err != nil {
		return nil, err
	}
	e.src = e.coloured(src)
	f := e.src.Format()
	plan.Format.Width, plan.Format.Height = f.Width, f.Height
	if err = pipeline.SameSamples(f, &plan.Format); err == nil {
		err = sameNoData(f, &plan.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("source of another kind than the plan's: %w", err)
	}
	plan.Format.Bands = f.Bands
	e.work = progress.New(int64(f.Width)*int64(f.Height), e.opt.Progress)
	return pipeline.NewEncoder(&plan, e.env(nil))
}

// sameNoData says which band has another sample of no data than is expected.
func sameNoData(f, want *raster.Format) error {
	text := func(v *float64) string {
		if v == nil {
			return "none"
		}
		return fmt.Sprint(*v)
	}
	for i := range f.Bands {
		if got, want := text(f.Bands[i].NoData), text(want.Bands[i].NoData); got != want {
			return fmt.Errorf("band %d with the sample of no data %s, expected %s", i, got, want)
		}
	}
	return nil
}

// checkBesidePlan checks options beside a plan.
func (o *Options) checkBesidePlan() error {
	if err := o.Plan.check(); err != nil {
		return err
	}
	if o.T != 0 || o.Bound != 0 || o.Engine != 0 || o.Chroma != 0 || o.Split != 0 || o.Tune != 0 || o.Effort != 0 {
		return fmt.Errorf("T %v, bound %v, engine %v, chroma %v, split %v, tune %v and effort %d beside a plan, which has its own: expected zeros", o.T, o.Bound, o.Engine, o.Chroma, o.Split, o.Tune, o.Effort)
	}
	if o.aims() {
		return errors.New("a target beside a plan, which has a T, expected zeros")
	}
	return o.checkWork()
}

// coloured is a source as the plan has it: colours of indices, unless the plan has these.
func (e *encoding) coloured(src raster.Source) raster.Source {
	if e.plan.Format.Palette == nil {
		return pipeline.Colours(src)
	}
	return src
}

// planJSON is a stored plan.
type planJSON struct {
	FormatVersion int    `json:"format_version"`
	Hash          string `json:"hash"`     // SHA-256 of the header and the plan of the file
	Checksum      string `json:"checksum"` // SHA-256 of all this, with an empty checksum
	Opening       []byte `json:"opening"`  // the beginning of the file, up to its first index
	// What only encoders need.
	Chroma int    `json:"chroma"`
	Split  int    `json:"split"`
	Tune   int    `json:"tune"`
	Effort int    `json:"effort"`
	Hints  []byte `json:"hints"`
}

// MarshalJSON implements json.Marshaler.
func (p *Plan) MarshalJSON() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, public(err)
	}
	hash := p.Hash()
	opening, err := pipeline.Opening(p.plan, p.meta.chunks())
	if err != nil {
		return nil, public(err)
	}
	j := planJSON{
		FormatVersion: container.Version, Hash: hex.EncodeToString(hash[:]), Opening: opening,
		Chroma: int(p.plan.Chroma), Split: int(p.plan.Split), Tune: int(p.plan.Tune), Effort: int(p.plan.Effort), Hints: p.plan.Hints,
	}
	if j.Checksum, err = j.checksum(); err != nil {
		return nil, err
	}
	return json.Marshal(&j)
}

// checksum covers what the hash does not, since files do not hold it, but parts depend on
// it: what only encoders need, and metadata.
func (j planJSON) checksum() (string, error) {
	j.Checksum = ""
	data, err := json.Marshal(&j)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Plan) UnmarshalJSON(data []byte) error {
	var j planJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("qtgpu: plan: %w", err)
	}
	if j.FormatVersion != container.Version {
		return fmt.Errorf("qtgpu: plan of format version %d, expected %d", j.FormatVersion, container.Version)
	}
	switch sum, err := j.checksum(); {
	case err != nil:
		return fmt.Errorf("qtgpu: plan: %w", err)
	case sum != j.Checksum:
		return fmt.Errorf("qtgpu: plan of checksum %.8s, expected %.8s: it is damaged or changed", j.Checksum, sum)
	}
	plan, chunks, err := pipeline.ParseOpening(j.Opening)
	if err != nil {
		return fmt.Errorf("qtgpu: plan: %w", public(err))
	}
	plan.Chroma, plan.Split, plan.Tune = engine.Chroma(j.Chroma), engine.Split(j.Split), engine.Tune(j.Tune)
	plan.Effort, plan.Hints = engine.Effort(j.Effort), j.Hints
	p.plan = plan
	for _, c := range metadataChunks(&p.meta) {
		*c.data = chunks[c.kind]
	}
	return nil
}

// Place says which rows of tiles of a whole a part holds, and of which plan.
type Place struct {
	FirstRow, Rows int // of tiles
	Plan           [32]byte
}

// Place is the place of a part; ok is false of a whole.
func (r *Reader) Place() (p Place, ok bool) {
	at := r.file.Header().Place
	if at == nil {
		return p, false
	}
	return Place{at.FirstRow, r.plan.Grid().Down(), at.Plan}, true
}

// Merge writes the whole of which parts are all parts, in any order. The error names the
// rows of tiles that are missing or come twice.
func Merge(ctx context.Context, w io.Writer, parts []*Reader, o *Options) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if err := opt.checkWork(); err != nil {
		return public(err)
	}
	files := make([]*container.Reader, len(parts))
	for i, p := range parts {
		files[i] = p.file
	}
	e := &encoding{opt: &opt}
	return public(pipeline.Merge(ctx, w, files, e.env(nil)))
}

// env is what engines work with.
func (e *encoding) env(work *progress.Work) *engine.Env {
	backend := e.opt.Backend
	if backend == nil {
		backend = cpufallback.New(e.opt.Workers)
	}
	return &engine.Env{
		Workers: e.opt.Workers, Backend: backend, Reducer: cpufallback.New(1), Memory: e.opt.memory(),
		Took: e.took, Work: work,
	}
}
