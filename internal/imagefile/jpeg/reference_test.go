package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// picture is an image of 1 or 3 channels of 8 bits.
type picture struct {
	w, h, channels int
	pix            []byte
}

// drawing is a picture of slopes, waves, edges and noise that change with the seed.
func drawing(w, h, channels int, seed uint64) picture {
	p := picture{w, h, channels, make([]byte, w*h*channels)}
	rnd := rand.New(rand.NewPCG(seed, 1))
	for c := range channels {
		fx, fy, phase := rnd.Float64()-0.5, rnd.Float64()-0.5, 6*rnd.Float64()
		edge, noise := rnd.IntN(w+h), 40*rnd.Float64()*rnd.Float64()
		for y := range h {
			for x := range w {
				v := 128 + 90*math.Sin(fx*float64(x)+fy*float64(y)+phase) + noise*rnd.NormFloat64()
				if x+y > edge {
					v = 255 - v/2
				}
				p.pix[(y*w+x)*channels+c] = byte(min(max(v, 0), 255))
			}
		}
	}
	return p
}

func (p picture) pnm() []byte {
	kind := 5 + p.channels/3
	return append(fmt.Appendf(nil, "P%d %d %d 255\n", kind, p.w, p.h), p.pix...)
}

// readPNM reads what djpeg and convert write.
func readPNM(t testing.TB, b []byte) picture {
	var p picture
	var kind, top int
	r := bytes.NewReader(b)
	_, err := fmt.Fscanf(r, "P%d\n%d %d\n%d\n", &kind, &p.w, &p.h, &top)
	require.NoError(t, err)
	require.Equal(t, 255, top)
	p.channels = 1 + 2*(kind-5)
	p.pix = b[len(b)-r.Len():]
	require.Len(t, p.pix, p.w*p.h*p.channels)
	return p
}

// tool runs a program of libjpeg-turbo or ImageMagick that must have nothing to say.
func tool(t testing.TB, stdin []byte, command string) []byte {
	out, messages, code := runTool(t, stdin, command)
	require.Zero(t, code, "%s: %s", command, messages)
	return out
}

// runTool runs a program and skips the test where it is not installed.
func runTool(t testing.TB, stdin []byte, command string) (out []byte, messages string, code int) {
	args := strings.Fields(command)
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(args[0] + " is not installed")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err, command)
	}
	return stdout.Bytes(), stderr.String(), cmd.ProcessState.ExitCode()
}

// filesToTry is the number of random files of a test, or QTGPU_JPEG_FILES.
func filesToTry() int {
	if n, err := strconv.Atoi(os.Getenv("QTGPU_JPEG_FILES")); err == nil {
		return n
	}
	return 25
}

// largest is the largest difference of two pictures, and where it is.
func largest(t testing.TB, want, got picture) (diff int, where string) {
	require.Equal(t, [3]int{want.w, want.h, want.channels}, [3]int{got.w, got.h, got.channels})
	where = "nowhere"
	for i, v := range want.pix {
		if d := max(int(v)-int(got.pix[i]), int(got.pix[i])-int(v)); d > diff {
			p := i / want.channels
			diff = d
			where = fmt.Sprintf("x=%d y=%d channel %d: want %d, got %d", p%want.w, p/want.w, i%want.channels, v, got.pix[i])
		}
	}
	return diff, where
}

// picture is what djpeg -pnm shows: of CMYK, paper that the ink leaves.
func (m *Image) picture() picture {
	if m.Model != CMYK {
		return picture{m.Width, m.Height, m.Model.Channels(), m.Pix}
	}
	p := picture{m.Width, m.Height, 3, make([]byte, 3*m.Width*m.Height)}
	for i := range p.pix {
		ink, black := m.Pix[i/3*4+i%3], m.Pix[i/3*4+3]
		p.pix[i] = byte(float64(255-ink)*float64(255-black)/255 + 0.5)
	}
	return p
}

// samplings3 are sampling factors of three components that libjpeg writes and reads;
// those from big on have too many blocks for a scan of all three.
var samplings3 = []string{
	"1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "3x2", "2x3",
	"2x2,1x1,1x2", "2x2,2x1,1x1", "2x2,1x2,2x1", "2x1,1x1,2x1", "1x1,2x1,1x2", "1x1,2x2,1x1",
	"4x1,2x1,1x1", "1x1,1x1,2x2", "2x2,2x2,1x1",
	"2x4,1x2,1x1", "4x2,2x1,1x1", "4x2,4x1,4x1", "4x2,2x2,1x1", "4x4", "2x2,2x2,2x2",
}

const big = 21

// randomJPEG makes a small file with options of cjpeg that the seed chooses.
func randomJPEG(t testing.TB, seed uint64) (file []byte, command string) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	in := func(n int) bool { return rnd.IntN(n) == 0 }
	w, h, channels := 1+rnd.IntN(70), 1+rnd.IntN(70), 3
	args := []string{"cjpeg", "-quality", fmt.Sprint(5 + rnd.IntN(96))}
	sampling := rnd.IntN(len(samplings3))
	switch {
	case in(10):
		channels = 1
	case in(10):
		args = append(args, "-grayscale")
	case sampling >= big || in(8):
		script := filepath.Join(t.TempDir(), "scans")
		require.NoError(t, os.WriteFile(script, []byte("0; 2; 1;"), 0o600))
		args = append(args, "-sample", samplings3[sampling], "-scans", script)
	default:
		args = append(args, "-sample", samplings3[sampling])
		if in(3) {
			args = append(args, "-progressive")
		}
		if in(8) {
			args = append(args, "-rgb")
		}
	}
	if in(3) {
		args = append(args, "-optimize")
	}
	if in(3) {
		args = append(args, "-restart", fmt.Sprintf("%d%s", 1+rnd.IntN(3), []string{"", "B"}[rnd.IntN(2)]))
	}
	command = strings.Join(args, " ")
	return tool(t, drawing(w, h, channels, seed).pnm(), command), fmt.Sprintf("%s of %dx%d", command, w, h)
}
