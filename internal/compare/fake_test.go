package compare

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// TestMain makes the test binary a program of another codec where it bears its name.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if f, ok := fakes[name]; ok {
		if err := misbehave(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := f.run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, name+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fake is a codec that rounds samples to multiples of a step and deflates them.
type fake struct {
	version string
	step    func(args []string) float64
}

// fakes are programs by their names.
var fakes = map[string]fake{
	"qtgpu":          {"", func(a []string) float64 { return 1 + 2*after(a, "-t") }},
	"cjpeg":          {"libjpeg-turbo version 9.9.9 (build 1)", func(a []string) float64 { return 1 + (100-after(a, "-quality"))/2 }},
	"djpeg":          {"libjpeg-turbo version 9.9.9 (build 1)", nil},
	"cwebp":          {"9.9.8\nlibsharpyuv: 9.9.7", webpStep},
	"dwebp":          {"9.9.8", nil},
	"avifenc":        {"Version: 9.9.6 (dav1d [dec]:1, aom [enc/dec]:v2)\nlibyuv : available (9)", avifStep},
	"avifdec":        {"Version: 9.9.6 (dav1d [dec]:1, aom [enc/dec]:v2)", nil},
	"cjxl":           {"cjxl v9.9.5 [AVX2]", func(a []string) float64 { return max(6*after(a, "-d"), 1) }},
	"djxl":           {"djxl v9.9.5 [AVX2]", nil},
	"gdal_translate": {"GDAL 9.9.4, released 2099/01/02", gdalStep},
}

func webpStep(a []string) float64 {
	if slices.Contains(a, "-lossless") {
		return 1
	}
	return 1 + (100-after(a, "-q"))/3
}

func avifStep(a []string) float64 {
	if slices.Contains(a, "--lossless") {
		return 1
	}
	return 1 + after(a, "cq-level=")*3/4
}

func gdalStep(a []string) float64 {
	switch {
	case slices.Contains(a, "REVERSIBLE=YES"):
		return 1
	case slices.ContainsFunc(a, func(s string) bool { return strings.HasPrefix(s, "QUALITY=") }):
		return 1 + 60/(1+after(a, "QUALITY="))
	case slices.ContainsFunc(a, func(s string) bool { return strings.HasPrefix(s, "MAX_Z_ERROR=") }):
		return 1 + 2*after(a, "MAX_Z_ERROR=")
	}
	return 1
}

// after is the number behind a flag, or behind a word that ends in "=".
func after(args []string, flag string) float64 {
	for i, a := range args {
		if a == flag && i+1 < len(args) && !strings.HasSuffix(flag, "=") {
			v, _ := strconv.ParseFloat(args[i+1], 64)
			return v
		}
		if rest, ok := strings.CutPrefix(a, flag); ok && strings.HasSuffix(flag, "=") {
			v, _ := strconv.ParseFloat(rest, 64)
			return v
		}
	}
	return 0
}

// run encodes, decodes or tells the version.
func (f *fake) run(args []string) error {
	if len(args) == 1 {
		fmt.Println(f.version)
		return nil
	}
	var names []string // of files, in their order
	for _, a := range args {
		if strings.Contains(a, ".") && !strings.Contains(a, "=") && strings.IndexFunc(a, func(r rune) bool { return r >= 'a' && r <= 'z' }) >= 0 {
			names = append(names, a)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { // what is there comes first
		_, errA := os.Stat(a)
		_, errB := os.Stat(b)
		return boolean(errA != nil) - boolean(errB != nil)
	})
	if len(names) != 2 {
		return fmt.Errorf("files %q in %q", names, args)
	}
	head := make([]byte, 4)
	in, err := os.ReadFile(names[0])
	if err != nil {
		return err
	}
	copy(head, in)
	if string(head) == "FAKE" {
		return unfake(in, names[1])
	}
	return f.encode(args, in, names[1])
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// encode writes a magic, the step, the size, the type, the number of bands and the samples.
func (f *fake) encode(args []string, in []byte, out string) error {
	m, err := imagefile.Open(bytes.NewReader(in), imagefile.ReadOptions{})
	if err != nil {
		return err
	}
	g := m.Format()
	step := f.step(args)
	var b bytes.Buffer
	fmt.Fprintf(&b, "FAKE %g %d %d %d %d\n", step, g.Width, g.Height, g.Type, len(g.Bands))
	w, _ := flate.NewWriter(&b, 6)
	block := raster.NewBlock(g.Bounds(), g.Type, len(g.Bands))
	if err := m.ReadBlock(context.Background(), block); err != nil {
		return err
	}
	row, raw := make([]float64, g.Width), []byte{}
	for band := range g.Bands {
		for y := range g.Height {
			block.Numbers(row, band, y)
			for _, v := range row {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(math.Round(v/step))))
			}
		}
	}
	w.Write(raw)
	w.Close()
	return os.WriteFile(out, b.Bytes(), 0o600)
}

// unfake decodes.
func unfake(in []byte, out string) error {
	var step float64
	var width, height, kind, bands int
	head, rest, _ := bytes.Cut(in, []byte("\n"))
	if _, err := fmt.Sscanf(string(head), "FAKE %g %d %d %d %d", &step, &width, &height, &kind, &bands); err != nil {
		return err
	}
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(rest)))
	if err != nil {
		return err
	}
	samples := make([]float32, width*height*bands)
	binary.Decode(raw, binary.LittleEndian, samples)
	if raster.Type(kind) != raster.Uint8 {
		return unfakeRaster(samples, step, width, height, bands, raster.Type(kind), out)
	}
	m := imagefile.New(width, height, bands, 8)
	for i, v := range samples {
		band, pixel := i/(width*height), i%(width*height)
		m.Pix[pixel/width*m.Stride+pixel%width*m.Step+band] = byte(min(max(math.Round(float64(v)*step), 0), 255))
	}
	format := map[string]string{".png": "png", ".tif": "tif", ".ppm": "ppm", ".pgm": "pgm"}[filepath.Ext(out)]
	if format == "ppm" && bands == 1 { // as dwebp does
		c := imagefile.New(width, height, 3, 8)
		for y := range height {
			for x := range width {
				for i := range 3 {
					c.Pix[y*c.Stride+x*c.Step+i] = m.Pix[y*m.Stride+x*m.Step]
				}
			}
		}
		m = c
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := imagefile.Write(file, format, m, imagefile.WriteOptions{}); err != nil {
		return err
	}
	return file.Close()
}

func unfakeRaster(samples []float32, step float64, width, height, bands int, kind raster.Type, out string) error {
	f := raster.Format{Width: width, Height: height, Type: kind, Bands: make([]raster.Band, bands)}
	b := raster.NewBlock(f.Bounds(), kind, bands)
	for i, v := range samples {
		band, pixel := i/(width*height), i%(width*height)
		switch at := pixel; kind {
		case raster.Float32:
			raster.Row[float32](b, band, at/width)[at%width] = float32(float64(v) * step)
		case raster.Uint16:
			raster.Row[uint16](b, band, at/width)[at%width] = uint16(math.Round(float64(v) * step))
		}
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	w, err := imagefile.Create(file, "tif", &f, imagefile.Meta{}, imagefile.WriteOptions{})
	if err != nil {
		return err
	}
	if err := w.WriteBlock(context.Background(), b); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}

// misbehaves is the environment variable that has programs go wrong: NAME=HOW.
const misbehaves = "QTGPU_TEST_MISBEHAVES"

// misbehave does what a program should not do, where it is asked for.
func misbehave(name string) error {
	of, how, _ := strings.Cut(os.Getenv(misbehaves), "=")
	if of != name || len(os.Args) == 2 && how != "version" {
		return nil
	}
	out := os.Args[len(os.Args)-1]
	switch how {
	case "exit":
		return fmt.Errorf("first line\n\x1b[31mno such \x00codec")
	case "hang":
		time.Sleep(time.Hour)
	case "child": // goes on when its parent has ended, with the parent's output
		c := exec.Command("sleep", "3600")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			return err
		}
		return fmt.Errorf("child %d", c.Process.Pid)
	case "garbage":
		os.WriteFile(out, bytes.Repeat([]byte("garbage "), 1000), 0o600)
		os.Exit(0)
	case "nothing":
		os.Exit(0)
	case "empty":
		os.WriteFile(out, nil, 0o600)
		os.Exit(0)
	case "folder":
		os.Mkdir(out, 0o700)
		os.Exit(0)
	case "huge":
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		for range 1 << 20 {
			f.Write(make([]byte, 1<<20))
		}
	case "talk":
		for range 1 << 30 {
			if _, err := os.Stdout.Write(bytes.Repeat([]byte("talk "), 1000)); err != nil {
				os.Exit(2)
			}
		}
	case "small": // another picture
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		imagefile.Write(f, strings.TrimPrefix(filepath.Ext(out), "."), imagefile.New(3, 2, 3, 8), imagefile.WriteOptions{})
		os.Exit(0)
	case "version":
		if len(os.Args) == 2 {
			fmt.Print("\x1b]0;title\a no version here " + strings.Repeat("x", 1<<16))
			os.Exit(3)
		}
	}
	return nil
}

// onPath puts the fakes of some names, and nothing else, on PATH, and temporary files into a
// folder of their own, which is returned.
func onPath(t *testing.T, names ...string) (tmp string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	bin := t.TempDir()
	for _, name := range append(names, "qtgpu") {
		require.NoError(t, os.Symlink(self, filepath.Join(bin, name)))
	}
	tmp = t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // or each of them ends a second late under the race detector
	if how := os.Getenv(misbehaves); strings.HasSuffix(how, "=child") {
		bin += string(os.PathListSeparator) + os.Getenv("PATH")
	}
	t.Setenv("PATH", bin)
	if err := exec.Command(filepath.Join(bin, "qtgpu"), "--version").Run(); err != nil {
		t.Skipf("programs cannot be started here: %v", err) // of another processor, in an emulator
	}
	return tmp
}

// needsTime leaves tests out under -short that start some hundred programs, each of which is
// this binary.
func needsTime(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts some hundred programs")
	}
}

var allFakes = []string{"cjpeg", "djpeg", "cwebp", "dwebp", "avifenc", "avifdec", "cjxl", "djxl", "gdal_translate"}

// photo is a picture with slopes and with noise that grows to the right.
func photo(w, h, channels int) *imagefile.Image {
	m := imagefile.New(w, h, channels, 8)
	rng := rand.New(rand.NewPCG(3, 4))
	for y := range h {
		for x := range w {
			for c := range channels {
				wave := (x*(c+2) + 60) % 180
				m.Pix[y*m.Stride+x*m.Step+c] = byte(min(max(70+min(wave, 180-wave)+y/4+rng.IntN(1+x/2)-x/4, 0), 255))
			}
		}
	}
	return m
}

// opened is a picture as a file that is open.
func opened(t *testing.T, m *imagefile.Image) *imagefile.File {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, imagefile.Write(&b, "png", m, imagefile.WriteOptions{}))
	f, err := imagefile.Open(bytes.NewReader(b.Bytes()), imagefile.ReadOptions{})
	require.NoError(t, err)
	return f
}

// knowing tells of the files of the fake qtgpu.
type knowing struct{}

func (knowing) Promise(_ context.Context, file, original string) (string, bool, error) {
	if _, err := os.Stat(original); err != nil {
		return "", false, err
	}
	return "rms 10", !strings.Contains(file, "--"), nil
}

func (knowing) Leaves(context.Context, string) ([]image.Rectangle, error) {
	return []image.Rectangle{image.Rect(0, 0, 32, 32), image.Rect(32, 0, 48, 16), image.Rect(48, 0, 56, 8)}, nil
}

// compared runs a comparison with the fakes that are on PATH.
func compared(t *testing.T, f *imagefile.File, opt Options) *Report {
	t.Helper()
	shop, err := OpenWorkshop()
	require.NoError(t, err)
	defer shop.Close()
	self, err := exec.LookPath("qtgpu")
	require.NoError(t, err)
	opt.Shop, opt.Self, opt.Version, opt.Own, opt.Jobs = shop, self, "qtgpu 1.2.3", knowing{}, 2
	if opt.Against == nil {
		opt.Against = Families
	}
	r, err := Run(context.Background(), "in.png", f, &opt)
	require.NoError(t, err)
	return r
}
