package gpu

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/tree"
)

//go:embed shaders
var shaders embed.FS

// Threads of a work group along x and y.
const groupX, groupY = 16, 4

// linear is the threads of a work group that goes through a list.
const linear = 64

// Binding points of storage blocks. The planes of an image follow each other.
const (
	nodesBinding = iota
	sourceBinding
	planeBinding
	_ // further planes
	_
	_
	numbersBinding
	coefsBinding
)

// Binding points of the stages below the pyramid, which have one plane and neither nodes nor source.
const (
	modelBinding   = nodesBinding
	outBinding     = sourceBinding
	recordsBinding = planeBinding // when it is transformed
)

// Locations of uniforms.
const (
	totalLocation = iota
	sizeLocation
	strideLocation
	nodesLocation
	childrenLocation
	offsetLocation
	stridesLocation
	fullLocation
	halfLocation
	countLocation
	acrossLocation
)

// program names a shader and the variant of it.
type program struct {
	file string // in shaders
	// of reduce_base: whether no node is clipped
	whole bool
	// of colour: channels and depth of the source, and 4:2:0
	channels, depth int
	sub420          bool
	// of the stages below the pyramid: the level of the nodes, and what fold.glsl has
	level int
	fold  string
}

// String is short enough for an error.
func (p program) String() string {
	p.fold = ""
	type plain program
	return fmt.Sprintf("%+v", plain(p))
}

// defines are the constants that Go has for all shaders and for the variant.
func (p program) defines() map[string]string {
	d := map[string]string{"WHOLE": strconv.FormatBool(p.whole), "SUB420": "0"}
	if p.sub420 {
		d["SUB420"] = "1" // the preprocessor has no words for truth
	}
	for name, v := range map[string]int{
		"GROUP_X": groupX, "GROUP_Y": groupY, "SIDE": 1 << tree.Base,
		"FRAC_BITS": chroma.FracBits, "CENTRE": chroma.Centre,
		"NODES_BINDING": nodesBinding, "SOURCE_BINDING": sourceBinding, "PLANE_BINDING": planeBinding,
		"TOTAL_LOCATION": totalLocation, "SIZE_LOCATION": sizeLocation, "STRIDE_LOCATION": strideLocation,
		"NODES_LOCATION": nodesLocation, "CHILDREN_LOCATION": childrenLocation, "OFFSET_LOCATION": offsetLocation,
		"STRIDES_LOCATION": stridesLocation, "FULL_LOCATION": fullLocation, "HALF_LOCATION": halfLocation,
		"CHANNELS": p.channels, "DEPTH": p.depth, "LG": p.level, "LINEAR": linear,
		"NUMBERS_BINDING": numbersBinding, "COEFS_BINDING": coefsBinding, "MODEL_BINDING": modelBinding,
		"OUT_BINDING": outBinding, "RECORDS_BINDING": recordsBinding,
		"COUNT_LOCATION": countLocation, "ACROSS_LOCATION": acrossLocation,
		"LAST_CLASSES": tree.LastClasses, "TOKENS": tree.Tokens, "GROUPS": tree.Groups,
		"FREQUENCY_CLASSES": tree.FrequencyClasses, "MAGNITUDE_CLASSES": tree.MagnitudeClasses,
		"DIAGONALS": tree.Diagonals, "FORECAST_PARTS": tree.ForecastParts, "LARGEST_SUM": tree.LargestSum,
		"NO_VARIANT": tree.NoVariant, "VARIANT_HEAD": tree.VariantHead,
	} {
		d[name] = strconv.Itoa(v)
	}
	for i, w := range chroma.Weights() {
		d[[3]string{"Y", "CB", "CR"}[i]+"_WEIGHTS"] = fmt.Sprintf("ivec3(%d, %d, %d)", w[0], w[1], w[2])
	}
	return d
}

// source is the text of a program and the files that its lines come from.
type source struct {
	text  string
	files []string
}

// expand returns the whole text of p.
func (p program) expand() (*source, error) {
	s := new(source)
	var b strings.Builder
	b.WriteString("#version 430 core\n")
	defines := p.defines()
	for _, name := range slices.Sorted(maps.Keys(defines)) {
		fmt.Fprintf(&b, "#define %s %s\n", name, defines[name])
	}
	if err := s.include(&b, p.file, map[string]string{foldFile: p.fold}); err != nil {
		return nil, err
	}
	s.text = b.String()
	return s, nil
}

var includeLine = regexp.MustCompile(`^#include "([^"]+)"$`)

// include writes a file in which further ones are included in turn, each once; made are those that
// no file holds.
func (s *source) include(b *strings.Builder, file string, made map[string]string) error {
	if slices.Contains(s.files, file) {
		return nil
	}
	text, ok := made[file]
	if !ok {
		stored, err := shaders.ReadFile("shaders/" + file)
		if err != nil {
			return err
		}
		text = string(stored)
	}
	n := len(s.files)
	s.files = append(s.files, file)
	fmt.Fprintf(b, "#line %d\n", n*fileLines+1)
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if m := includeLine.FindStringSubmatch(line); m != nil {
			if err := s.include(b, m[1], made); err != nil {
				return fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
			fmt.Fprintf(b, "#line %d\n", n*fileLines+i+2)
			continue
		}
		b.WriteString(line + "\n")
	}
	return nil
}

// fileLines is added to the line numbers of one file after the other: Mesa forgets
// the number of the file that #line can give besides.
const fileLines = 10000

// messageLine is where Mesa (0:4(11): error), NVIDIA (0(4) : error) and glslang
// (ERROR: 0:4:) say which line they mean.
var messageLine = regexp.MustCompile(`(?m)^(?:(?:ERROR|WARNING): )?\d+[:(](\d+)(?:\(\d+\))?\)?\s*:\s*`)

// explain writes file:line in the messages of a compiler.
func (s *source) explain(log string) string {
	return messageLine.ReplaceAllStringFunc(log, func(m string) string {
		line, err := strconv.Atoi(messageLine.FindStringSubmatch(m)[1])
		if err != nil || line/fileLines >= len(s.files) {
			return m
		}
		return fmt.Sprintf("%s:%d: ", s.files[line/fileLines], line%fileLines)
	})
}
