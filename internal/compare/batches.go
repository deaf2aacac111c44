package compare

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// Batch is what a codec has made, as the page of codec-compare loads it
// (github.com/webmproject/codec-compare, "Plug data at serve time" in its README.md).
type Batch struct {
	Name    string `json:"-"` // of its file, without an extension
	Content struct {
		ConstantDescriptions []map[string]string `json:"constant_descriptions"`
		ConstantValues       []string            `json:"constant_values"`
		FieldDescriptions    []map[string]string `json:"field_descriptions"`
		FieldValues          [][]any             `json:"field_values"`
	}
}

// mostDecibels stands for what has no end, which JSON has no number for.
const mostDecibels = 100

// batchFields are the columns of a batch, as that page names them, and what they are of.
var batchFields = []struct {
	name, about string
	value       func(r *Report, row *Row) any
}{
	{"original_name", "Original image file name", func(r *Report, _ *Row) any { return r.Input }},
	{"width", "Pixel columns in the original image", func(r *Report, _ *Row) any { return r.Width }},
	{"height", "Pixel rows in the original image", func(r *Report, _ *Row) any { return r.Height }},
	{"effort", "Effort of the encoder, 0 where it has none", func(_ *Report, row *Row) any { return row.effort() }},
	{"quality", "Setting of the encoder; 100 without loss", func(_ *Report, row *Row) any { return row.quality() }},
	{"encoded_size", "Size of the encoded file in bytes", func(_ *Report, row *Row) any { return row.Bytes }},
	{"encoding_time", "Encoding in seconds", func(_ *Report, row *Row) any { return row.EncodeSeconds }},
	{"decoding_time", "Decoding in seconds", func(_ *Report, row *Row) any { return row.DecodeSeconds }},
	{"psnr", "PSNR over all colours in dB, 100 without loss", func(_ *Report, row *Row) any { return decibels(row.PSNR, func(v float64) float64 { return v }) }},
	{"ssim", "SSIM of luma as -10 log10(1 - SSIM) in dB, 100 without loss", func(_ *Report, row *Row) any {
		return decibels(row.SSIM, func(v float64) float64 { return -10 * math.Log10(1-v) })
	}},
	{"encoding_cmd", "Command that encoded the file", func(_ *Report, row *Row) any { return row.EncodeCommand }},
	{"decoding_cmd", "Command that decoded it", func(_ *Report, row *Row) any { return row.DecodeCommand }},
}

// decibels is a figure with an end.
func decibels(v *float64, scale func(float64) float64) float64 {
	if v == nil {
		return mostDecibels
	}
	return min(scale(*v), mostDecibels)
}

// quality is the number in a setting, which is its last word.
func (r *Row) quality() any {
	words := strings.FieldsFunc(strings.TrimSuffix(r.Setting, " --bound max"), func(c rune) bool { return c == ' ' || c == '=' })
	if len(words) == 0 {
		return 100
	}
	return json.Number(words[len(words)-1])
}

// effort is the effort of a peer.
func (r *Row) effort() int {
	for _, p := range append(slices.Clone(peers), own(selfProgram, lossy, "")) {
		if p.id == r.ID && (p.class == lossless) == (r.Setting == "") {
			return p.effort
		}
	}
	return 0
}

// Batches are the files of photographs by their codec: those of the tables by PSNR and by
// bytes, and those without loss apart.
func (r *Report) Batches() (all []Batch) {
	for _, c := range r.Comparisons {
		for _, t := range c.Tables {
			if t.By == Bounded {
				continue // nobody's quality can be matched there
			}
			for i := range t.Rows {
				all = r.batch(all, &t, &t.Rows[i])
			}
		}
	}
	slices.SortFunc(all, func(a, b Batch) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// batch adds a row to the batch of its codec, once.
func (r *Report) batch(all []Batch, t *Table, row *Row) []Batch {
	if row.Error != "" {
		return all
	}
	name, title := row.ID, row.Codec
	if t.By == Lossless {
		name, title = name+"-lossless", title+" lossless"
	}
	i := slices.IndexFunc(all, func(b Batch) bool { return b.Name == name })
	if i < 0 {
		i, all = len(all), append(all, r.newBatch(name, title, row))
	}
	values := &all[i].Content.FieldValues
	var cells []any
	for _, f := range batchFields {
		cells = append(cells, f.value(r, row))
	}
	const quality = 4
	if !slices.ContainsFunc(*values, func(have []any) bool { return have[quality] == cells[quality] }) {
		*values = append(*values, cells)
	}
	return all
}

// newBatch is a batch without rows.
func (r *Report) newBatch(name, title string, row *Row) (b Batch) {
	b.Name = name
	for _, c := range [][3]string{
		{"name", "Name of this batch", title},
		{"codec", "Name of the codec used to generate this data", row.ID},
		{"version", "Version of the codec used to generate this data", row.Program},
		{"time", "Timestamp of when this data was generated", r.Date.Format(time.RFC3339)},
		{"machine", "Where times were taken", r.Machine},
	} {
		b.Content.ConstantDescriptions = append(b.Content.ConstantDescriptions, map[string]string{c[0]: c[1]})
		b.Content.ConstantValues = append(b.Content.ConstantValues, c[2])
	}
	for _, f := range batchFields {
		b.Content.FieldDescriptions = append(b.Content.FieldDescriptions, map[string]string{f.name: f.about})
	}
	return b
}
