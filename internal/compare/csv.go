package compare

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes a line for each row of all tables, with the keys of JSON.
func (r *Report) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"input", "t", "by", "target", "codec", "id", "program", "setting", "error", "bytes", "ratio", "bits_per_pixel", "off", "matched",
		"encode_seconds", "decode_seconds", "runs", "psnr", "ssim", "rms_error", "largest_error", "promise", "holds", "encode_command", "decode_command"})
	for _, comparison := range r.Comparisons {
		for _, t := range comparison.Tables {
			for _, row := range t.Rows {
				holds := ""
				if row.Holds != nil {
					holds = strconv.FormatBool(*row.Holds)
				}
				c.Write([]string{r.Input, number(comparison.T), t.By, field(t.Target), row.Codec, row.ID, row.Program, row.Setting, row.Error,
					strconv.FormatInt(row.Bytes, 10), number(row.Ratio), number(row.BitsPerPixel), field(row.Off), strconv.FormatBool(row.Matched),
					number(row.EncodeSeconds), number(row.DecodeSeconds), strconv.Itoa(row.Runs), field(row.PSNR), field(row.SSIM), field(row.RMS),
					field(row.MaxError), row.Promise, holds, row.EncodeCommand, row.DecodeCommand})
			}
		}
	}
	c.Flush()
	return c.Error()
}

// field is a number, "" for none.
func field(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}
