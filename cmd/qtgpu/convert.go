package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// convertFlags are the flags of the two forms without a subcommand, and some of plan.
type convertFlags struct {
	set                                         *pflag.FlagSet
	ins                                         []string
	in, out, t, backend                         string // in is the input at hand
	stem                                        string // of the output where out is "": the name without an extension
	outputDir, suffix                           string
	recursive, skipExisting                     bool
	bound                                       qtgpu.Bound
	engine                                      qtgpu.Engine
	chroma                                      qtgpu.Chroma
	split                                       qtgpu.Split
	tune                                        qtgpu.Tune
	format, region, stretch                     string
	box                                         boxFlags
	level, maxSide, jobs, effort, quality, page int
	preset                                      *preset
	aim                                         aim
	limits                                      *limits
	access                                      access
	saying
	force, verify, keepGoing bool
	strict, version          bool
}

// Headings of flags, which tell those that only one direction takes.
const (
	forEncoding = "Encoding"
	forDecoding = "Decoding"
	forBoth     = "Both"
)

// convertCommand is the form without a subcommand.
func (a *app) convertCommand() *cobra.Command {
	var c convertFlags
	cmd := newCommand("qtgpu", "a raster codec whose files promise an error bound", func(args []string) error {
		if c.version {
			if len(args) > 0 {
				return usagef("unexpected argument %q: expected --version alone", args[0])
			}
			if err := c.onlyVersion(); err != nil {
				return err
			}
			return a.version()
		}
		if err := c.check(); err != nil {
			return err
		}
		return a.convert(&c, args)
	})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return meantCommand(cmd, args[0])
	}
	cmd.ValidArgsFunction = inputArgs(slices.Concat(qtgFiles, imageFiles)...)
	cmd.Long = fmt.Sprintf(convertText, qtgpu.MinT, qtgpu.MaxT)
	cmd.Example = convertExamples
	c.set, c.limits = cmd.Flags(), newLimits()
	c.addCoding()
	c.addTarget()
	c.addEncoding()
	group(c.set, forEncoding)
	c.addDecoding()
	group(c.set, forDecoding)
	c.addBoth()
	group(c.set, forBoth)
	return cmd
}

const convertText = `
T is the largest error of any sample, in its own units: -t 0.01 of heights in metres is a
centimetre, -t 40 of 16 bits is 40 of their 65,535 steps. Scale and offset of bands do not
count. Of photographs of 8 bits T is the largest RMS error of any quadtree leaf instead,
%g to %g steps, and of those of 16 bits with --bound rms, 257 times as many. Samples of 1,
2 and 4 bits count as 8 bits, 0 to 255, and come back in their depth where they are as they
were. 1%% is a percentage: of the range of the type for integers, rounded down to whole
steps; for floating point of the largest less the least sample of all bands, for which the
input is read once more. 0 is lossless.

With --tune visual a leaf may be off by T times the multiplier of its step class, which is
0.5 where errors are seen best and 2 in the strongest texture; of colour 0.53 to 1.06, with
--chroma 444 0.99 to 1.98.

--size and --psnr find T. The file is the one of that T, which the report says, so -t makes it
again. At T = 2 colour gets half of its resolution, and a size between what is below and above
is missed by more; --chroma 444 has no such step. --psnr finds the resolution of colour with the
smaller file, too; where that is the full one the report says --chroma 444. A target that no T
comes to is an error, which says what is within reach.`

const convertExamples = `
  qtgpu big.tif -t 10 --verify
  qtgpu big.qtg back.tif
  qtgpu -t 10 *.tif --skip-existing
  qtgpu -t 10 -r photos --output-dir archive
  qtgpu *.qtg --format tif
  qtgpu big.tif --size 2M
  qtgpu -i elevation.tif -t 0.01
  qtgpu -i elevation.qtg -o part.tif --bbox -9.3,38.6,-9,38.9 --bbox-crs EPSG:4326
  qtgpu -i elevation.qtg -o hills.png --level 2 --stretch 0,1500
  qtgpu -i scan.png -t 0
  qtgpu -i big.qtg -o overview.png --level 3
  curl -s https://example.org/a.png | qtgpu -i - -t 5 -o - > a.qtg`

// addCoding adds the flags that say how samples become a .qtg file.
func (c *convertFlags) addCoding() {
	f := c.set
	f.VarP(&free{&c.t, "T"}, "threshold", "t", "the promise: the largest error")
	c.addPreset(f)
	f.Var(&oneOf[qtgpu.Bound]{&c.bound, []string{boundAuto, boundRMS, boundMax}, []qtgpu.Bound{qtgpu.BoundAuto, qtgpu.BoundRMS, qtgpu.BoundMax}},
		"bound", "what T limits: auto is rms for photographs of 8 bits and max for all else. The report says which")
	f.Var(&oneOf[qtgpu.Engine]{&c.engine, []string{"auto", "transform", "predictive"}, []qtgpu.Engine{qtgpu.AnyEngine, qtgpu.Transform, qtgpu.Predictive}},
		"engine", "auto takes whatever keeps the promise in the fewest bytes: text, masks and screens may be smaller without loss")
	f.Var(&oneOf[qtgpu.Chroma]{&c.chroma, []string{"420", "444"}, []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444}},
		"chroma", "resolution of colour; default 420 from T = 2 on")
	f.Var(&oneOf[qtgpu.Split]{&c.split, []string{"pyramid", "hybrid", "cost"}, []qtgpu.Split{qtgpu.SplitPyramid, qtgpu.SplitHybrid, qtgpu.SplitCost}},
		"split", "the rule of the quadtree, from the fastest to the one of the smallest files")
	f.Var(&oneOf[qtgpu.Tune]{&c.tune, []string{"psnr", "visual"}, []qtgpu.Tune{qtgpu.TunePSNR, qtgpu.TuneVisual}},
		"tune", "what T limits with --bound rms: the RMS error of every leaf, or, visual, T times 0.5 of leaves where errors are seen best to T times 2 of those where texture hides them, for files that look better at the same size; T is 1 or more then")
	f.Var(&whole[int]{&c.effort, 1, qtgpu.MaxEffort}, "effort",
		"1 is fastest, in decoding too; 3 is smaller, of the bound rms in about four times the time to encode, and 4 smallest: of the bound rms in five to six times the time of 3, without loss and of the bound max about ten times as slow as 2, the default, in decoding too")
	addPage(f, &c.page)
}

// addEncoding adds the other flags of encoding in one go.
func (c *convertFlags) addEncoding() {
	f := c.set
	addBackend(f, &c.backend)
	f.BoolVar(&c.verify, "verify", false, "decode what was written and check the promise")
	f.BoolVar(&c.json, "json", false, "the report as JSON, see docs/JSON.md; errors too")
	c.limits.addExpansion(f)
}

func (c *convertFlags) addDecoding() {
	f := c.set
	f.Var(atLeast(0, &c.level), "level", "1/2^N of the size")
	f.Var(atLeast(1, &c.maxSide), "max-side", "the finest level at which the picture, or the part of --bbox, has no side above N pixels")
	f.Var(&free{&c.region, "X,Y,W,H"}, "region", "a part, in pixels of the level")
	f.Var(&free{&c.box.box, "W,S,E,N"}, "bbox", "the pixels that a box touches, in coordinates of the raster")
	f.Var(&free{&c.box.crs, "EPSG:4326"}, "bbox-crs", "the box is in longitude and latitude, of a raster in degrees, UTM or web Mercator. A TIFF file lies where its part does")
	f.Var(&free{&c.stretch, "MIN,MAX|auto"}, "stretch", "a picture of 8 bits, black at MIN and white at MAX, of samples that PNG, JPEG and PNM do not hold: of red, green and blue, else of the first three bands, else of the first. What has no data is transparent, or 0 where the format has no alpha. auto is from the least to the largest sample that is shown, and leaves samples be that the format holds")
	f.Var(&oneOf[string]{&c.format, formats, formats}, "format", "of the output, where its name does not say it")
	c.quality = imagefile.DefaultQuality
	f.Var(&whole[int]{&c.quality, 1, 100}, "quality", "of a JPEG file, 1 to 100. Its colour has the resolution that it has in the .qtg file")
	c.access.add(f)
}

func (c *convertFlags) addBoth() {
	f := c.set
	f.VarP(&several{&c.ins, "IN"}, "input", "i", "an image or .qtg file, as without -i, a .qtg file also by its URL; may be given again")
	f.VarP(&free{&c.out, "OUT"}, "output", "o", "the file to write; default the name of IN with .qtg or, decoded, with .png or .tif, beside it; of a URL in the directory where the command runs")
	f.Var(&free{&c.outputDir, "DIR"}, "output-dir", "where outputs go, made if it is not there; with -r the tree below an input is kept below it")
	f.Var(&free{&c.suffix, "S"}, "suffix", "of the names of outputs, before the extension: -small makes a-small.qtg of a.tif")
	f.BoolVarP(&c.recursive, "recursive", "r", false, "of a directory, all images below it or, without a flag for encoding, all .qtg files, by their extensions")
	f.BoolVar(&c.skipExisting, "skip-existing", false, "leave an input out whose output exists")
	isFile(f, "input", slices.Concat(qtgFiles, imageFiles)...)
	isFile(f, "output", slices.Concat(qtgFiles, pictureFiles)...)
	isDirectory(f, "output-dir")
	addForce(f, &c.force)
	f.BoolVarP(&c.quiet, "quiet", "q", false, "no report, no progress bar")
	f.BoolVar(&c.keepGoing, "keep-going", false, "take what there is of a damaged or cut input, fill its tiles from the overview and name them; of images, JPEG only")
	addStrict(f, &c.strict)
	addJobs(f, &c.jobs)
	c.limits.add(f)
	f.BoolVar(&c.version, "version", false, "of the program, of the format and of Go")
}

// Flags of several commands.

func addPage(f *pflag.FlagSet, to *int) {
	f.Var(atLeast(1, to), "page", "of a TIFF file, from 1 in the order of the file, overviews and masks too; default the first that is neither")
}

func addForce(f *pflag.FlagSet, to *bool) {
	f.BoolVarP(to, "force", "f", false, "overwrite the output, or write a picture to a terminal")
}

func addStrict(f *pflag.FlagSet, to *bool) {
	f.BoolVar(to, "strict", false, "what would be left out is an error, and no file is written")
}

func addJobs(f *pflag.FlagSet, to *int) {
	f.VarP(atLeast(0, to), "jobs", "j", "goroutines; default one for each CPU")
}

func addBackend(f *pflag.FlagSet, to *string) {
	kinds := []string{backendAuto, backendGPU, backendCPU, backendBoth}
	*to = backendAuto
	f.Var(&oneOf[string]{to, kinds, kinds}, "backend", "what prepares the planes of photographs; both compares the two")
}

// check checks what does not depend on the input.
func (c *convertFlags) check() error {
	switch {
	case c.maxSide > 0 && c.set.Changed("level"):
		return usagef("--level and --max-side: expected one of them")
	case c.maxSide > 0 && c.region != "":
		return usagef("--region and --max-side: expected one of them")
	case c.region != "" && c.set.Changed("bbox"):
		return usagef("--region and --bbox: expected one of them")
	case c.set.Changed("bbox-crs") && !c.set.Changed("bbox"):
		return usagef("--bbox-crs without --bbox W,S,E,N")
	}
	if err := cmp.Or(c.checkTarget(), c.settle()); err != nil {
		return err
	}
	return c.checkSaying()
}

// refuse reports a given flag under a heading that does not belong to the direction.
func (c *convertFlags) refuse(heading, why string) (err error) {
	c.set.Visit(func(f *pflag.Flag) {
		switch {
		case err != nil || groupOf(f) != heading:
		case f.Shorthand != "":
			err = usagef("-%s %s", f.Shorthand, why)
		default:
			err = usagef("--%s %s", f.Name, why)
		}
	})
	return err
}

// convert encodes or decodes the inputs of the flags and args.
func (a *app) convert(c *convertFlags, args []string) error {
	tasks, err := c.tasks(args)
	if err != nil {
		return err
	}
	if len(tasks) > 1 || c.recursive || c.outputDir != "" {
		return a.batch(c, tasks)
	}
	in, err := c.openInput(a.ctx, tasks[0].in, a.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	if !c.quiet {
		a.bar.begin("reading", 1, 1)
	}
	a.piece = a.bar.piece(1)
	in.bar = a.bar
	c.out, c.stem = tasks[0].out, tasks[0].stem
	return a.convertFrom(c, in)
}

// decodes tells whether an input is decoded. What bears the name but not the magic is a
// damaged .qtg file, unless a flag says that it is something else.
func (c *convertFlags) decodes(in *source) bool {
	return in.qtg || isQTG(in.name) && !c.encodes()
}

// convertFrom encodes or decodes an input, as its magic tells.
func (a *app) convertFrom(c *convertFlags, in *source) error {
	c.in = in.name
	if c.outputDir != "" {
		if err := os.MkdirAll(dirOf(c.stem), 0o777); err != nil {
			return at(dirOf(c.stem), err)
		}
	}
	if c.decodes(in) {
		if err := c.refuse(forEncoding, "is for encoding, and "+c.in+" is a .qtg file"); err != nil {
			return err
		}
		return a.decode(c, in)
	}
	if err := c.refuse(forDecoding, "is for decoding, and "+c.in+" is no .qtg file"); err != nil {
		return err
	}
	return a.encode(c, in)
}

// options returns what the flags ask of the encoder.
func (c *convertFlags) options() qtgpu.Options {
	return qtgpu.Options{
		Bound: c.bound, Engine: c.engine, Chroma: c.chroma, Split: c.split, Tune: c.tune, Effort: c.effort, Workers: c.jobs,
		TargetSize: c.aim.size, TargetPSNR: c.aim.psnr,
	}
}

// encodedName is the output of an encode: -o, or the input's name with .qtg.
func (c *convertFlags) encodedName() (string, error) {
	switch {
	case c.out == "" && isStream(c.in):
		return "", usagef("missing -o: the input is a stream, expected -o OUT.qtg or -o -")
	case c.out == "" && c.set.Changed("output"):
		return "", usagef(`-o "": expected a name`)
	case c.out == "":
		return c.stem + ".qtg", nil
	}
	return c.out, checkQTG(c.out)
}

// formats are the formats of decoded files.
var formats = []string{"png", "tif", "ppm", "pgm", "pbm", "jpg"}

// checkQTG refuses an output that is no stream and has another extension than .qtg.
func checkQTG(name string) error {
	if ext := filepath.Ext(name); !isStream(name) && !strings.EqualFold(ext, ".qtg") {
		return usagef("-o %s: extension %q: expected .qtg", name, ext)
	}
	return nil
}

// withoutExt removes the extension of a name that is more than an extension.
func withoutExt(name string) string {
	ext := filepath.Ext(name)
	if ext == filepath.Base(name) {
		return name
	}
	return strings.TrimSuffix(name, ext)
}

// decodedName is the output of a decode and its format, that of --format or of the name's
// extension, "" where the samples decide: PNG where it holds them and nothing says where they
// lie, else TIFF. So it is for a stream, and for no -o, which stands for the name of the input
// with .png or .tif.
func (c *convertFlags) decodedName() (name, format string, err error) {
	switch {
	case c.out == "" && c.set.Changed("output"):
		return "", "", usagef(`-o "": expected a name`)
	case c.out == "" && isStream(c.in):
		return "", "", usagef("missing -o: the input is a stream, expected -o with a name in .png, .tif, .ppm, .pgm, .pbm or .jpg, or -o -")
	case c.out == "":
		return c.stem, c.format, nil
	case isStream(c.out):
		return c.out, c.format, nil
	}
	format, err = imagefile.FormatFromName(c.out)
	switch {
	case err != nil && c.format == "":
		return "", "", usagef("-o %s: %w", c.out, err)
	case err == nil && c.format != "" && format != c.format:
		return "", "", usagef("-o %s with --format %s: expected the same of both", c.out, c.format)
	}
	return c.out, cmp.Or(c.format, format), nil
}
