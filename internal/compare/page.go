package compare

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/qtgpu/qtgpu/internal/figures"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	// Parsed when it is asked for: no command but compare writes a page.
	pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })
)

// page is what the template of a page takes.
type page struct {
	Input, About, Date, Pilot string
	CSS                       template.CSS
	JS                        template.JS
	Sections                  []pageSection
	Notes                     []string
	Plots                     []pagePlot
	Legend                    []pageMark
	Points                    []pagePoint
	Overview                  *pageOverview
	Crops                     []pageCrop
	CropsLead                 string
	WithinDB, WithinBytes     float64
	Timing, Machine           string
	Programs                  []Program
	Missing                   []Missing
	Commands                  []string
	JSON                      *Report
}

type pageSection struct {
	ID, T, Promise string
	Tables         []pageTable
}

type pageTable struct {
	Title, Lead string
	Columns     []pageColumn
	Rows        []pageRow
}

type pageColumn struct {
	Head string
	Left bool
}

type pageRow struct {
	ID, Codec, Program, Error string
	Span                      int
	Cells                     []pageCell
}

type pageCell struct {
	Text  string
	Left  bool
	Bar   bool
	Width string // of the bar, in percent
}

type pagePlot struct {
	Title string
	W, H  int
	SVG   template.HTML
}

type pagePoint struct{ ID, Codec, Setting, BPP, PSNR, SSIM string }

type pageOverview struct {
	Lead, T string
	Src     template.URL
	W, H    int
	Tree    template.HTML
	Map     template.URL // of leaves that are too many for borders
	Places  []pagePlace
}

type pagePlace struct {
	N          int    // of the first crop there
	Names      string // of all crops there
	X, Y, W, H string // in percent
}

type pageMark struct {
	ID, Codec string
	SVG       template.HTML
}

type pageCrop struct {
	N        int
	T, Place string
	W, H     int
	Tree     template.HTML
	Versions []pageVersion
}

type pageVersion struct {
	I                    int
	ID, Codec, Text, Alt string
	Src                  template.URL
	W, H                 int
}

// HTML writes the report as a page that loads nothing else.
func (r *Report) HTML(w io.Writer) error {
	p := page{
		Input: r.Input, About: r.about(), Date: r.Date.Format("2 January 2006"), Pilot: r.Pilot, CSS: template.CSS(coloursCSS + pageCSS + plotCSS),
		JS: template.JS(pageJS), Notes: r.marks(), WithinDB: withinDB, WithinBytes: 100 * withinBytes, Timing: timing, Machine: r.Machine,
		Programs: r.Programs, Missing: r.Missing, JSON: r,
	}
	for i := range r.Comparisons {
		p.Sections = append(p.Sections, r.section(&r.Comparisons[i]))
	}
	if len(r.Curves) > 0 {
		for _, plot := range []*plot{r.psnrPlot(), r.ssimPlot()} {
			p.Plots = append(p.Plots, pagePlot{plot.title, plotW, plotH, template.HTML(plot.draw())})
		}
	}
	for i, c := range r.Curves {
		p.Legend = append(p.Legend, pageMark{c.ID, c.Codec, template.HTML(`<path class="mark" d="` + mark(i, 8, 8) + `"/>`)})
		for _, q := range c.Points {
			p.Points = append(p.Points, pagePoint{c.ID, c.Codec, q.Setting, fmt.Sprintf("%.3f", q.BitsPerPixel), optional("%.2f", q.PSNR, "∞"), optional("%.4f", q.SSIM, "–")})
		}
	}
	r.pictures(&p)
	p.Commands = r.commands()
	return pageTemplate().Execute(w, &p)
}

// section is a comparison as a page has it.
func (r *Report) section(c *Comparison) pageSection {
	s := pageSection{ID: "t-" + number(c.T), T: number(c.T)}
	for i := range c.Tables {
		t := &c.Tables[i]
		if own := t.own(); own != nil && s.Promise == "" {
			s.Promise = "promise of qtgpu: " + own.promised()
		}
		table := pageTable{Title: upper(strings.TrimPrefix(t.title(c.T), "T = "+number(c.T)+": ")), Lead: t.lead()}
		cols := t.pageColumns(r.Photograph)
		for _, col := range cols {
			table.Columns = append(table.Columns, pageColumn{col.long, col.left})
		}
		for j := range t.Rows {
			table.Rows = append(table.Rows, t.pageRow(&t.Rows[j], cols))
		}
		s.Tables = append(s.Tables, table)
	}
	return s
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lead says in a sentence what a table shows.
func (t *Table) lead() string {
	own := t.own()
	if own == nil {
		return ""
	}
	var parts []string
	for i := range t.Rows {
		r := &t.Rows[i]
		switch {
		case r == own || r.Error != "":
		case t.By == ByBytes && r.PSNR != nil && own.PSNR != nil:
			parts = append(parts, r.Codec+minus(fmt.Sprintf(" %+.2f dB", *r.PSNR-*own.PSNR), false))
		case t.By != ByBytes:
			parts = append(parts, r.Codec+minus(fmt.Sprintf(" %+.0f%%", 100*(float64(r.Bytes)/float64(own.Bytes)-1)), false))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	if t.By == ByBytes {
		return fmt.Sprintf("Against the %.2f dB of qtgpu: %s.", *own.PSNR, strings.Join(parts, ", "))
	}
	return fmt.Sprintf("Against the %s bytes of qtgpu: %s.", figures.Grouped(own.Bytes), strings.Join(parts, ", "))
}

// pageColumns are the columns of a page, which has programs below the names of codecs.
func (t *Table) pageColumns(photo bool) []column {
	return slices.DeleteFunc(t.columns(photo), func(c column) bool { return c.head == "program" })
}

// pageRow is a row as a page has it, its codec apart.
func (t *Table) pageRow(r *Row, cols []column) pageRow {
	out := pageRow{ID: r.ID, Codec: r.Codec, Program: r.program(), Error: r.Error, Span: len(cols) - 1}
	if r.Error != "" {
		return out
	}
	var most int64
	for i := range t.Rows {
		most = max(most, t.Rows[i].Bytes)
	}
	for _, c := range cols[1:] {
		cell := pageCell{Text: minus(c.cell(r), c.left), Left: c.left}
		if c.head == "of qtgpu" {
			cell.Bar, cell.Width = true, fmt.Sprintf("%.1f", 100*float64(r.Bytes)/float64(most))
		}
		out.Cells = append(out.Cells, cell)
	}
	return out
}

// minus gives numbers the sign that has the width of a plus.
func minus(s string, words bool) string {
	if words {
		return s
	}
	return strings.ReplaceAll(s, "-", "−")
}

// commands are the command lines of all rows, each once.
func (r *Report) commands() (lines []string) {
	for _, c := range r.Comparisons {
		for _, t := range c.Tables {
			for _, row := range t.Rows {
				for _, l := range []string{row.EncodeCommand, row.DecodeCommand} {
					if l != "" && !slices.Contains(lines, l) {
						lines = append(lines, l)
					}
				}
			}
		}
	}
	return lines
}

// mostPictures is the bytes of all pictures that a page holds: a third more in base 64, it
// stays well below 5 MB with all else.
const mostPictures = 2_200_000

// fitting are the crops that a page has room for: the best of each threshold before the
// second best.
func (r *Report) fitting() (crops []*crop) {
	if r.overview == nil {
		return nil
	}
	byT := map[float64][]*crop{}
	var order []float64
	for i := range r.crops {
		c := &r.crops[i]
		if byT[c.t] == nil {
			order = append(order, c.t)
		}
		byT[c.t] = append(byT[c.t], c)
	}
	room := mostPictures - len(r.overview.png)
	for rank := range cropsEach {
		for _, t := range order {
			if rank >= len(byT[t]) {
				continue
			}
			c := byT[t][rank]
			n := len(c.original)
			for _, v := range c.versions {
				n += len(v.png)
			}
			if n > room {
				continue
			}
			room -= n
			crops = append(crops, c)
		}
	}
	slices.SortStableFunc(crops, func(a, b *crop) int { return slices.Index(order, a.t) - slices.Index(order, b.t) })
	return crops
}

// pictures fills in the crops and the overview.
func (r *Report) pictures(p *page) {
	crops := r.fitting()
	if len(crops) == 0 {
		return
	}
	p.CropsLead = fmt.Sprintf("Squares of %d pixels in which the RMS errors of the codecs lie furthest apart, at the bytes of qtgpu’s file, %d of %d. "+
		"Left is the original, right qtgpu, until you choose others. Error maps show the largest error of a colour, eight times as large as it is.", cropSide, len(crops), len(r.crops))
	for i, c := range crops {
		p.Crops = append(p.Crops, c.page(i+1))
	}
	o := r.overview
	p.Overview = &pageOverview{
		Lead: fmt.Sprintf("At 1/%.0f of its size, with the places of the crops.", 1/o.scale), T: number(o.t), Src: dataURL(o.png), W: o.size.X, H: o.size.Y,
		Tree: borders(o.leaves, o.scale),
	}
	if p.Overview.Tree == "" && len(o.leaves) > 0 {
		p.Overview.Map = dataURL(o.sizes())
	}
	if o.scale == 1 {
		p.Overview.Lead = "With the places of the crops."
	}
	percent := func(v, of int) string { return fmt.Sprintf("%.3f", 100*float64(v)/float64(of)) }
	at := map[image.Rectangle]int{}
	for i, c := range crops {
		if j, ok := at[c.at]; ok {
			p.Overview.Places[j].Names += fmt.Sprintf(", %d", i+1)
			continue
		}
		at[c.at] = len(p.Overview.Places)
		p.Overview.Places = append(p.Overview.Places, pagePlace{
			i + 1, fmt.Sprint(i + 1), percent(c.at.Min.X, r.Width), percent(c.at.Min.Y, r.Height), percent(c.at.Dx(), r.Width), percent(c.at.Dy(), r.Height),
		})
	}
}

// page is a crop as a page has it.
func (c *crop) page(n int) pageCrop {
	out := pageCrop{N: n, T: number(c.t), Place: fmt.Sprintf("From column %s, row %s", figures.Grouped(int64(c.at.Min.X)), figures.Grouped(int64(c.at.Min.Y))),
		W: c.at.Dx(), H: c.at.Dy(), Tree: borders(c.leaves, 1)}
	out.Versions = []pageVersion{{0, "", "Original", "", "The original", dataURL(c.original), c.at.Dx(), c.at.Dy()}}
	for i, v := range c.versions {
		text := fmt.Sprintf("%s bytes, RMS error here %.2f", figures.Grouped(v.row.Bytes), v.rms)
		out.Versions = append(out.Versions, pageVersion{i + 1, v.id, v.codec, text, "As " + v.codec + " makes it", dataURL(v.png), c.at.Dx(), c.at.Dy()})
	}
	return out
}

func dataURL(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}

// mostBorders is the number of leaves up to which their borders can be told apart, and drawn.
const mostBorders = 12000

// borders are the tops and left sides of leaves, a path for each size; "" for too many.
func borders(leaves []image.Rectangle, scale float64) template.HTML {
	if len(leaves) > mostBorders {
		return ""
	}
	var b strings.Builder
	for _, size := range []int{32, 16, 8} {
		var path strings.Builder
		for _, l := range leaves {
			if side := max(l.Dx(), l.Dy()); side <= size && side > size/2 || side <= 4 && size == 8 {
				fmt.Fprintf(&path, "M%g %gH%gM%g %gV%g", float64(l.Min.X)*scale, float64(l.Min.Y)*scale, float64(l.Max.X)*scale,
					float64(l.Min.X)*scale, float64(l.Min.Y)*scale, float64(l.Max.Y)*scale)
			}
		}
		if path.Len() > 0 {
			fmt.Fprintf(&b, `<path class="leaf%d" vector-effect="non-scaling-stroke" d="%s"/>`, size, &path)
		}
	}
	return template.HTML(b.String())
}
