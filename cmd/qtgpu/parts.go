package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// planName is the file of a job that holds its plan.
const planName = "plan.json"

// job is what the parts of one file have in common.
type job struct {
	Input    string      `json:"input"` // the path of the image
	Page     int         `json:"page,omitempty"`
	Size     int64       `json:"size"` // of the image, in bytes
	Modified time.Time   `json:"modified"`
	Sample   string      `json:"sample"`    // SHA-256 of parts of the image file, see sampleHash
	PartRows int         `json:"part_rows"` // rows of tiles of a part
	Parts    int         `json:"parts"`
	Plan     *qtgpu.Plan `json:"plan"`
}

// partBytes is about how many bytes of samples a part has, unless the flags say how many
// rows of tiles.
const partBytes = 256 << 20

func (a *app) planCommand() *cobra.Command {
	var c convertFlags
	var rows int
	cmd := newCommand("plan -i IN -t T -o JOB [--part-rows N]", "prepare encoding by parts, on any machines", func([]string) error {
		if err := c.check(); err != nil {
			return err
		}
		return a.plan(&c, rows)
	})
	cmd.Args = takes(0, 0, "")
	cmd.Long = `Makes the directory JOB with what all parts have in common. Parts then may be encoded in any order on
machines that have the directory and the image; merge makes one file of them, the same as
qtgpu -i IN -t T makes.`
	cmd.Example = `  qtgpu plan -i big.tif -t 10 -o job
  for i in 0 1 2 3; do qtgpu part job -i $i; done
  qtgpu merge job -o big.qtg`
	f := cmd.Flags()
	c.set = f
	f.VarP(&free{&c.in, "IN"}, "input", "i", "the image, a regular file")
	f.VarP(&free{&c.out, "JOB"}, "output", "o", "the directory to make")
	isFile(f, "input", imageFiles...)
	isDirectory(f, "output")
	c.addCoding()
	f.Var(atLeast(1, &rows), "part-rows", "the rows of tiles of a part; default what has 256 MiB of samples")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "no report")
	addForce(f, &c.force)
	addStrict(f, &c.strict)
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.limits.addExpansion(f)
	return cmd
}

// plan makes the plan of a job in a new directory.
func (a *app) plan(c *convertFlags, rows int) error {
	if c.in == "" {
		return usagef("missing -i IN: expected qtgpu plan -i IN -t T -o JOB")
	}
	if c.out == "" {
		return usagef("missing -o JOB: expected qtgpu plan -i IN -t T -o JOB, a new directory")
	}
	o := c.options()
	t, err := c.threshold()
	if err != nil {
		return err
	}
	src, j, done, err := a.openJobInput(c.in, c.page, c.limits)
	if err != nil {
		return err
	}
	defer done()
	if err := a.prepare(&o, t, c.in, src, c.strict); err != nil {
		return err
	}
	if err := c.idleInEncoding(&o, src); err != nil {
		return at(c.in, err)
	}
	o.Memory = int64(c.limits.memory)
	if j.Plan, err = qtgpu.NewPlan(a.ctx, src, &o); err != nil {
		return at(c.in, err)
	}
	coded := j.Plan.Format()
	becomeColours(src, &coded)
	loseStatistics(src, j.Plan.Lossless())
	if err := a.tell(c.in, src, c); err != nil {
		return err
	}
	if rows == 0 {
		rows = int(max(partBytes/j.Plan.RowBytes(), 1))
	}
	j.PartRows = min(rows, j.Plan.Rows())
	j.Parts = (j.Plan.Rows() + j.PartRows - 1) / j.PartRows
	if err := os.Mkdir(c.out, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return at(c.out, err)
	}
	out, err := a.create(filepath.Join(c.out, planName), c.force)
	if err != nil {
		return err
	}
	if err := writeJSON(out, j); err != nil {
		return out.blame(out.name, err)
	}
	return a.commit(func(w io.Writer) error {
		if c.quiet {
			return nil
		}
		_, err := fmt.Fprintf(w, "%s: %s, 0 to %d, of %s of tiles; plan %.8x\n", c.out, count(j.Parts, "part"), j.Parts-1, count(j.PartRows, "row"), j.Plan.Hash())
		return err
	})
}

// openJobInput opens the image of a job, a regular file.
func (a *app) openJobInput(name string, page int, l *limits) (*imagefile.File, *job, func() error, error) {
	in, err := openSource(name, a.stdin)
	if err != nil {
		return nil, nil, nil, err
	}
	if in.file == nil {
		in.close()
		return nil, nil, nil, usagef("%s is a stream: expected a file that every part can read", name)
	}
	opt := l.read()
	opt.Page = page
	src, _, err := in.image(opt)
	if err == nil {
		var j *job
		if j, err = newJob(in.file); err == nil {
			j.Page = page
			return src, j, in.close, nil
		}
	}
	in.close()
	return nil, nil, nil, err
}

// newJob is a job of an image file.
func newJob(f *os.File) (*job, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	sum, err := sampleHash(f, info.Size())
	return &job{Input: f.Name(), Size: info.Size(), Modified: info.ModTime().UTC(), Sample: sum}, err
}

// sampleHash is the SHA-256 of up to 64 pieces of 64 KiB that lie at even distances in a
// file of size bytes, from its first to its last: enough to tell an image from another one
// of the same size, without reading all of it.
func sampleHash(r io.ReaderAt, size int64) (string, error) {
	const pieces, piece = 64, 64 << 10
	h := sha256.New()
	n := min((size+piece-1)/piece, pieces)
	for i := range n {
		at := max(size-piece, 0) * i / max(n-1, 1)
		if _, err := io.Copy(h, io.NewSectionReader(r, at, piece)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func readJob(dir string) (*job, error) {
	name := filepath.Join(dir, planName)
	p, err := os.ReadFile(name)
	if err != nil {
		return nil, at(name, err)
	}
	var j job
	if err := json.Unmarshal(p, &j); err != nil {
		return nil, at(name, err)
	}
	if j.Plan == nil || j.PartRows < 1 || j.Parts != (j.Plan.Rows()+j.PartRows-1)/j.PartRows {
		return nil, at(name, errors.New("not a job of qtgpu plan"))
	}
	return &j, nil
}

// partName is the file of a part.
func partName(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("part-%06d.qtg", i)) }

// partFlags are the flags of qtgpu part.
type partFlags struct {
	set                 *pflag.FlagSet
	index, jobs         int
	env, input, backend string
	force               bool
	limits              *limits
}

func (a *app) partCommand() *cobra.Command {
	var c partFlags
	cmd := newCommand("part JOB -i N | --index-env VAR [--input IN]", "encode part N, a file of its own", func(args []string) error {
		return a.part(&c, args[0])
	})
	cmd.Args, cmd.ValidArgsFunction = takes(1, 1, "directories"), directoryArg
	cmd.Example = `  qtgpu part job -i 3
  qtgpu part job --index-env SLURM_ARRAY_TASK_ID --input /scratch/big.tif`
	f := cmd.Flags()
	c.set = f
	f.VarP(atLeast(0, &c.index), "index", "i", "the number of the part, from 0")
	f.Var(&free{&c.env, "VAR"}, "index-env", "the variable of the environment that has the number")
	f.Var(&free{&c.input, "IN"}, "input", "where the image is; default where it was for plan")
	isFile(f, "input", imageFiles...)
	addBackend(f, &c.backend)
	addForce(f, &c.force)
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.limits.addExpansion(f)
	return cmd
}

// idle refuses what has no use for a job.
func (c *partFlags) idle(j *job) error {
	return refuseIdle(c.set, []idle{
		{"index", c.env != "", "--index-env has the number"},
		{"backend", needsGPU(c.backend) && j.Plan.Engine() != qtgpu.Transform, "the parts are coded by the CPU alone"},
	})
}

// part codes a part of a job.
func (a *app) part(c *partFlags, dir string) error {
	j, err := readJob(dir)
	if err != nil {
		return err
	}
	if !c.set.Changed("index") && c.env == "" {
		return usagef("missing -i N: expected 0 to %d, or --index-env with the variable that has it", j.Parts-1)
	}
	if err := c.idle(j); err != nil {
		return err
	}
	i, err := partIndex(c.index, c.env, j.Parts)
	if err != nil {
		return err
	}
	input := c.input
	if input == "" {
		input = j.Input
	}
	src, now, done, err := a.openJobInput(input, j.Page, c.limits)
	if err != nil {
		return err
	}
	defer done()
	if now.Size != j.Size || now.Input == j.Input && !now.Modified.Equal(j.Modified) {
		return at(input, fmt.Errorf("%d bytes of %s, expected %d of %s: it is not what the plan was made of",
			now.Size, now.Modified.Format(time.RFC3339Nano), j.Size, j.Modified.Format(time.RFC3339Nano)))
	}
	if now.Sample != j.Sample {
		return at(input, fmt.Errorf("other bytes (sample %.8s, expected %.8s): it is not what the plan was made of", now.Sample, j.Sample))
	}
	b, err := a.backend(c.backend, c.jobs, input, pixelsIn(src.Format()))
	if err != nil {
		return err
	}
	out, err := a.create(partName(dir, i), c.force)
	if err != nil {
		return err
	}
	o := &qtgpu.Options{Workers: c.jobs, Memory: int64(c.limits.memory), Backend: b}
	first := i * j.PartRows
	if err := j.Plan.EncodePart(a.ctx, out, src, first, min(first+j.PartRows, j.Plan.Rows()), o); err != nil {
		return out.blame(input, err)
	}
	return a.commit(noReport)
}

// partIndex is the number of a part, as the flags or a variable of the environment say.
func partIndex(i int, env string, parts int) (int, error) {
	from := "-i"
	if env != "" {
		text := os.Getenv(env)
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, usagef("--index-env %s: found %q, expected a number from 0 to %d", env, text, parts-1)
		}
		i, from = n, "--index-env "+env+":"
	}
	if i < 0 || i >= parts {
		return 0, usagef("%s %d: expected 0 to %d", from, i, parts-1)
	}
	return i, nil
}

// mergeFlags are the flags of qtgpu merge.
type mergeFlags struct {
	out    string
	jobs   int
	force  bool
	limits *limits
}

func (a *app) mergeCommand() *cobra.Command {
	var c mergeFlags
	cmd := newCommand("merge JOB -o OUT.qtg", "the file that one encode of all makes", func(args []string) error {
		return a.merge(&c, args[0])
	})
	cmd.Args, cmd.ValidArgsFunction = takes(1, 1, "directories"), directoryArg
	f := cmd.Flags()
	f.VarP(&free{&c.out, "OUT.qtg"}, "output", "o", "the file to write")
	isFile(f, "output", "qtg")
	addForce(f, &c.force)
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	return cmd
}

// merge makes the whole of the parts of a job.
func (a *app) merge(c *mergeFlags, dir string) error {
	if c.out == "" {
		return usagef("missing -o: expected qtgpu merge JOB -o OUT.qtg")
	}
	if err := checkQTG(c.out); err != nil {
		return err
	}
	j, err := readJob(dir)
	if err != nil {
		return err
	}
	if missing := missingParts(dir, j.Parts); missing != "" {
		return at(dir, fmt.Errorf("missing parts: %s; expected all of 0 to %d", missing, j.Parts-1))
	}
	opt := c.limits.decode()
	parts := make([]*qtgpu.Reader, j.Parts)
	for i := range parts {
		in, r, err := a.open(partName(dir, i), &access{}, &opt)
		if err != nil {
			return err
		}
		defer in.close()
		if place, ok := r.Place(); !ok || place.Plan != j.Plan.Hash() {
			return at(partName(dir, i), errors.New("not a part of this job's plan"))
		}
		parts[i] = r
	}
	out, err := a.createPicture(c.out, c.force)
	if err != nil {
		return err
	}
	o := &qtgpu.Options{Workers: c.jobs, Memory: int64(c.limits.memory)}
	if err := qtgpu.Merge(a.ctx, out, parts, o); err != nil {
		return out.blame(dir, err)
	}
	return a.commit(noReport)
}

// missingParts names the parts that are not there, as ranges.
func missingParts(dir string, parts int) string {
	var ranges []string
	first := -1
	for i := range parts + 1 {
		_, err := os.Stat(partName(dir, i))
		missing := i < parts && err != nil
		switch {
		case missing && first < 0:
			first = i
		case !missing && first >= 0:
			if ranges = append(ranges, strconv.Itoa(first)); i-1 > first {
				ranges[len(ranges)-1] += fmt.Sprintf("-%d", i-1)
			}
			first = -1
		}
	}
	return strings.Join(ranges, ",")
}
