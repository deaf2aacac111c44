package compare

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/qtgpu/qtgpu/internal/figures"
)

// Text writes a report for people, tables of aligned columns.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Input, r.about())
	for _, c := range r.Comparisons {
		for i := range c.Tables {
			t := &c.Tables[i]
			fmt.Fprintf(&b, "\n%s\n", t.title(c.T))
			t.text(&b, r.Photograph)
		}
	}
	b.WriteByte('\n')
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "left out   %s: %s\n", m.Codec, m.Why)
	}
	for _, n := range append(r.marks(), timing, "Machine: "+r.Machine) {
		fmt.Fprintf(&b, "%s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// about says what is compared.
func (r *Report) about() string {
	bands := fmt.Sprintf("%d bands", r.Bands)
	if r.Bands == 1 {
		bands = "1 band"
	}
	return fmt.Sprintf("%s × %s pixels, %s of %s, %s bytes of samples",
		figures.Grouped(int64(r.Width)), figures.Grouped(int64(r.Height)), bands, r.Type, figures.Grouped(r.PixelBytes))
}

// title says what the files of a table have in common.
func (t *Table) title(threshold float64) string {
	switch {
	case t.By == ByPSNR && t.Target != nil:
		return fmt.Sprintf("T = %s: at the PSNR of qtgpu, %.2f dB", number(threshold), *t.Target)
	case t.By == ByBytes && t.Target != nil:
		return fmt.Sprintf("T = %s: at the bytes of qtgpu, %s", number(threshold), figures.Grouped(int64(*t.Target)))
	case t.By == Bounded && t.Target != nil:
		return fmt.Sprintf("T = %s: no sample off by more than %s", number(threshold), number(*t.Target))
	case t.By == Lossless:
		return fmt.Sprintf("T = %s: without loss", number(threshold))
	}
	return fmt.Sprintf("T = %s", number(threshold))
}

// column is a column of a table: its heading, and what a row has there.
type column struct {
	head, long string // of a terminal; of a page
	left       bool   // aligned
	cell       func(r *Row) string
}

// columns are those that make sense for a table.
func (t *Table) columns(photo bool) []column {
	cols := []column{
		{"codec", "Codec", true, func(r *Row) string { return r.Codec }},
		{"program", "Program", true, (*Row).program},
		{"setting", "Setting", true, func(r *Row) string { return r.Setting }},
		{"bytes", "Bytes", false, func(r *Row) string { return figures.Grouped(r.Bytes) }},
		{"of qtgpu", "Of qtgpu’s", false, t.share},
		{"ratio", "Ratio", false, func(r *Row) string { return fmt.Sprintf("%.2f", r.Ratio) }},
		{"bpp", "Bits/pixel", false, func(r *Row) string { return fmt.Sprintf("%.3f", r.BitsPerPixel) }},
	}
	if photo && t.By != Lossless {
		cols = append(cols, column{"PSNR", "PSNR, dB", false, func(r *Row) string { return optional("%.2f", r.PSNR, "∞") }})
	}
	switch t.By {
	case ByPSNR:
		cols = append(cols, column{"off", "Off by, dB", false, func(r *Row) string { return r.off("%+.2f", 1) }})
	case ByBytes:
		cols[4] = column{"off", "Off by", false, func(r *Row) string { return r.off("%+.1f%%", 100) }}
	}
	if photo && t.By != Lossless {
		cols = append(cols, column{"SSIM", "SSIM", false, func(r *Row) string { return optional("%.4f", r.SSIM, "–") }})
	}
	if !photo && t.By != Lossless {
		cols = append(cols, column{"RMS", "RMS error", false, func(r *Row) string { return optional("%.4g", r.RMS, "–") }})
	}
	cols = append(cols,
		column{"largest", "Largest error", false, func(r *Row) string { return optional("%.7g", r.MaxError, "lost") }},
		column{"encode", "Encode, s", false, func(r *Row) string { return seconds(r.EncodeSeconds) + r.once() }},
		column{"decode", "Decode, s", false, func(r *Row) string { return seconds(r.DecodeSeconds) + r.once() }},
		column{"promise", "Promise", true, (*Row).promised})
	return cols
}

// share is the bytes of a row in the bytes of qtgpu.
func (t *Table) share(r *Row) string {
	own := t.own()
	if own == nil || own.Bytes == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(r.Bytes)/float64(own.Bytes))
}

func optional(format string, v *float64, none string) string {
	if v == nil {
		return none
	}
	return fmt.Sprintf(format, *v)
}

// seconds are a time with three digits that count.
func seconds(s float64) string {
	switch {
	case s < 1:
		return fmt.Sprintf("%.3f", s)
	case s < 10:
		return fmt.Sprintf("%.2f", s)
	}
	return fmt.Sprintf("%.1f", s)
}

// off is how far a row is from the target, marked where the settings come no nearer.
func (r *Row) off(format string, factor float64) string {
	if r.Off == nil {
		return "–"
	}
	s := fmt.Sprintf(format, *r.Off*factor)
	if strings.Trim(s, "-0.%") == "" {
		s = strings.Replace(s, "-", "+", 1) // a nothing that was rounded up
	}
	if !r.Matched {
		s += "*"
	}
	return s
}

// once marks times of a single run.
func (r *Row) once() string {
	if r.Runs < mostRuns {
		return "¹"
	}
	return ""
}

// program is the program of a row without the libraries that are in it.
func (r *Row) program() string {
	name, _, _ := strings.Cut(r.Program, " (")
	return name
}

// promised is what a row promises and whether it holds.
func (r *Row) promised() string {
	switch {
	case r.Promise == "":
		return "none"
	case r.Holds != nil && !*r.Holds:
		return r.Promise + ", broken"
	}
	return r.Promise + ", holds"
}

// text writes a table.
func (t *Table) text(b *strings.Builder, photo bool) {
	cols := t.columns(photo)
	lines := make([][]string, len(t.Rows)+1)
	for _, c := range cols {
		lines[0] = append(lines[0], c.head)
	}
	width := make([]int, len(cols))
	for i := range t.Rows {
		r := &t.Rows[i]
		lines[i+1] = []string{r.Codec}
		if r.Error != "" {
			lines[i+1] = append(lines[i+1], "failed: "+r.Error)
			continue
		}
		for _, c := range cols[1:] {
			lines[i+1] = append(lines[i+1], c.cell(r))
		}
	}
	for _, l := range lines {
		for i, s := range l {
			if len(l) == len(cols) {
				width[i] = max(width[i], utf8.RuneCountInString(s))
			}
		}
	}
	for _, l := range lines {
		t.line(b, cols, width, l)
	}
}

func (t *Table) line(b *strings.Builder, cols []column, width []int, cells []string) {
	var line strings.Builder
	for i, s := range cells {
		pad := strings.Repeat(" ", max(width[i]-utf8.RuneCountInString(s), 0))
		if len(cells) == len(cols) && !cols[i].left {
			s, pad = pad+s, ""
		}
		line.WriteString("  " + s + pad)
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// marks explain the marks in tables.
func (r *Report) marks() (notes []string) {
	miss, once := false, false
	for _, c := range r.Comparisons {
		for _, t := range c.Tables {
			for i := range t.Rows {
				miss = miss || t.Rows[i].Off != nil && !t.Rows[i].Matched
				once = once || t.Rows[i].Error == "" && t.Rows[i].Runs < mostRuns
			}
		}
	}
	if miss {
		notes = append(notes, fmt.Sprintf("*  Off by more than %g dB or %g%% of the bytes: the nearest of the settings that were tried, on both sides where there are such.", withinDB, 100*withinBytes))
	}
	if once {
		notes = append(notes, "¹  Of one run, since it is slow.")
	}
	return notes
}

// timing says what times contain.
const timing = "Times are medians of 3 where no mark says otherwise, from starting a process to its end: reading, coding and writing, by all threads that a program takes. Input and output are not compressed. Of Go’s JPEG and PNG, which run inside of qtgpu, they are of coding alone, without start, samples from and to memory."
