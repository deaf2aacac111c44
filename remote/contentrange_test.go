package remote

import (
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// grammar is that of RFC 9110, section 14.4, of the unit bytes.
var grammar = regexp.MustCompile(`^(?i:bytes) (?:(\d+)-(\d+)/(\d+|\*)|\*/(\d+))$`)

// naiveContentRange parses by the grammar, with numbers of any length. Above 2^62 − 1 they
// are refused.
func naiveContentRange(s string) (c contentRange, ok bool) {
	m := grammar.FindStringSubmatch(s)
	if m == nil {
		return c, false
	}
	v := [5]int64{-1, -1, -1, -1, -1}
	for i, text := range m[1:] {
		n, isNumber := new(big.Int).SetString(text, 10)
		if isNumber && n.BitLen() > 62 {
			return c, false
		}
		if isNumber {
			v[i] = n.Int64()
		}
	}
	c = contentRange{v[0], v[1], max(v[2], v[3])}
	return c, c.first <= c.last && (c.size < 0 || c.last < c.size)
}

// TestParseContentRange holds the parser against tables and the grammar.
func TestParseContentRange(t *testing.T) {
	for s, want := range map[string]*contentRange{
		"bytes 0-0/1":     {0, 0, 1},
		"bytes 0-16383/*": {0, 16383, -1},
		"BYTES 5-9/10":    {5, 9, 10},
		"bytes */0":       {-1, -1, 0},
		"bytes */4096":    {-1, -1, 4096},
		"bytes 00-01/02":  {0, 1, 2},
		"bytes 1-4611686018427387902/4611686018427387903": {1, 1<<62 - 2, 1<<62 - 1},
		"bytes 1-2/4611686018427387904":                   nil,
		"bytes 1-2/99999999999999999999999":               nil,
		"":                                                nil, "bytes": nil, "bytes ": nil, "bytes */*": nil, "bytes 0-0/0": nil, "bytes 1-0/5": nil, "bytes 0-5/5": nil,
		"bytes 0-4": nil, "bytes 0/5": nil, "bytes -1-4/5": nil, "bytes +0-4/5": nil, "bytes 0-4/+5": nil, "bytes 0-4/-5": nil,
		"bytes=0-4/5": nil, "bytes  0-4/5": nil, "bytes 0-4/5 ": nil, "bytes 0 -4/5": nil, "bytes 0-4/5, 6-7/8": nil, "items 0-4/5": nil,
		"bytes 0x0-4/5": nil, "bytes 0-4/5/6": nil, "bytes 1_0-40/50": nil, "bytes 0--4/5": nil, "bytes ٠-٤/٥": nil, "bytes 0-4/": nil,
	} {
		got, err := parseContentRange(s)
		naive, ok := naiveContentRange(s)
		assert.Equal(t, want != nil, ok, "the grammar of %q", s)
		if want == nil {
			assert.ErrorContains(t, err, "expected bytes FIRST-LAST/SIZE", s)
			continue
		}
		assert.NoError(t, err, s)
		assert.Equal(t, *want, got, s)
		assert.Equal(t, *want, naive, s)
	}
}

// FuzzParseContentRange: the parser takes what the grammar does, and says the same of it.
func FuzzParseContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-16383/100000", "bytes */5", "bytes 3-4/*", "bytes 1-4611686018427387902/4611686018427387903", "bytes 9-1/2", "bytes\t0-1/2", "bytes 0-1/2\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseContentRange(s)
		want, ok := naiveContentRange(s)
		if (err == nil) != ok {
			t.Fatalf("%q: error %v, by the grammar valid: %t", s, err, ok)
		}
		if ok && got != want {
			t.Fatalf("%q: %v, expected %v", s, got, want)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Fatalf("error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzRetryAfter: whatever a server asks for, the time to wait is one, not below 0.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-1", "99999999999", "4611686018427387903", "Sat, 01 Jan 2000 00:00:09 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := retryAfter(http.Header{"Retry-After": {s}})
		if d < 0 {
			t.Fatalf("%q: %v", s, d)
		}
		var n int64
		if _, err := fmt.Sscanf(s, "%d", &n); err == nil && s == fmt.Sprint(n) && n >= 0 && n < 1e9 && d != time.Duration(n)*time.Second {
			t.Fatalf("%q: %v, expected %d s", s, d, n)
		}
	})
}

// TestValidator: If-Range takes a strong ETag, else a time of change a minute before the
// answer or more.
func TestValidator(t *testing.T) {
	const at, minute = "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2000 00:01:00 GMT"
	for _, c := range []struct{ etag, modified, date, want string }{
		{`"a"`, at, minute, `"a"`},
		{`W/"a"`, at, minute, at},
		{`W/"a"`, "", minute, ""},
		{"a", at, minute, at},
		{"", at, minute, at},
		{"", at, strings.Replace(minute, "01:00", "00:59", 1), ""},
		{"", at, "", ""},
		{"", "yesterday", minute, ""},
		{"", "", "", ""},
	} {
		h := http.Header{"Etag": {c.etag}, "Last-Modified": {c.modified}, "Date": {c.date}}
		assert.Equal(t, c.want, validator(h), "%v", c)
	}
}
