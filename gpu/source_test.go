package gpu

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/tree"
)

// variants are all programs there are.
func variants() []program {
	list := []program{{file: "reduce_upper.comp"}, {file: "reduce_base.comp"}, {file: "reduce_base.comp", whole: true}}
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			list = append(list, program{file: "colour.comp", channels: channels, depth: depth})
			if channels >= 3 {
				list = append(list, program{file: "colour.comp", channels: channels, depth: depth, sub420: true})
			}
		}
	}
	model := transform.NewEncoder(100, []transform.Plane{{}}, engine.SplitCost).Model(transform.Plane{})
	for size, cosines := range model.Cosines {
		level := tree.Base + size
		fold := foldSource(cosines, 1<<level)
		list = append(list, program{file: "transform_columns.comp", level: level, fold: fold},
			program{file: "transform_rows.comp", level: level, fold: fold},
			program{file: "cost.comp", level: level}, program{file: "quantise.comp", level: level})
	}
	return list
}

// validate runs glslangValidator on the text.
func validate(t *testing.T, text string) (string, error) {
	path, err := exec.LookPath("glslangValidator")
	if err != nil {
		t.Skip("glslangValidator is not installed (Debian: glslang-tools)")
	}
	cmd := exec.Command(path, "--stdin", "-S", "comp")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestShadersAreValid(t *testing.T) {
	for _, p := range variants() {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			s, err := p.expand()
			require.NoError(t, err)
			out, err := validate(t, s.text)
			require.NoError(t, err, s.explain(out))
		})
	}
}

// TestValidatorNamesTheLine: what is wrong in an included file and after it is
// found, at the right file and line.
func TestValidatorNamesTheLine(t *testing.T) {
	s, err := program{file: "reduce_upper.comp"}.expand()
	require.NoError(t, err)
	for _, c := range []struct{ old, new, want string }{
		{"uaddCarry(a.x", "uaddCarri(a.x", "wide.glsl:6: 'uaddCarri'"},
		{"Node c = load(", "Node c = lode(", "reduce_upper.comp:19: 'lode'"},
	} {
		require.Contains(t, s.text, c.old)
		out, err := validate(t, strings.Replace(s.text, c.old, c.new, 1))
		require.Error(t, err)
		assert.Contains(t, s.explain(out), c.want)
	}
}

func TestExplain(t *testing.T) {
	s := &source{files: []string{"a.comp", "b.glsl"}}
	for _, c := range []struct{ name, log, want string }{
		{"Mesa", "0:10004(11): error: `x' undeclared", "b.glsl:4: error: `x' undeclared"},
		{"NVIDIA", "0(4) : error C1503: undefined variable \"x\"", "a.comp:4: error C1503: undefined variable \"x\""},
		{"glslang", "ERROR: 0:10012: 'x' : undeclared identifier", "b.glsl:12: 'x' : undeclared identifier"},
		{"every line", "0:1(2): error: a\n0:3(4): error: b", "a.comp:1: error: a\na.comp:3: error: b"},
		{"no such file", "0:70001(2): error", "0:70001(2): error"},
		{"no place", "link failed", "link failed"},
	} {
		assert.Equal(t, c.want, s.explain(c.log), c.name)
	}
}

func TestDefinesAreSorted(t *testing.T) {
	s, err := program{file: "colour.comp", channels: 3, depth: 8}.expand()
	require.NoError(t, err)
	lines := strings.Split(s.text, "\n")
	require.Equal(t, "#version 430 core", lines[0])
	for i := 2; strings.HasPrefix(lines[i], "#define"); i++ {
		assert.Less(t, lines[i-1], lines[i])
	}
	assert.Contains(t, s.text, "#define Y_WEIGHTS ivec3(19595, 38470, 7471)\n")
}
