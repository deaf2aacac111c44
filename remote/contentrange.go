package remote

import (
	"fmt"
	"strconv"
	"strings"
)

// contentRange is the header Content-Range (RFC 9110, section 14.4).
type contentRange struct {
	first, last int64 // −1 of an answer without bytes
	size        int64 // of the whole, −1 where it is not told
}

func (c *contentRange) length() int64 { return c.last - c.first + 1 }

// parseContentRange parses "bytes FIRST-LAST/SIZE", with * for an unknown size, or
// "bytes */SIZE".
func parseContentRange(s string) (c contentRange, err error) {
	bad := fmt.Errorf("Content-Range %q, expected bytes FIRST-LAST/SIZE", clipped(s))
	unit, rest, ok := strings.Cut(s, " ")
	place, size, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || !strings.EqualFold(unit, "bytes") {
		return c, bad
	}
	c = contentRange{-1, -1, -1}
	if size != "*" {
		if c.size, ok = number(size); !ok {
			return c, bad
		}
	}
	if place == "*" {
		if size == "*" {
			return c, bad
		}
		return c, nil
	}
	first, last, _ := strings.Cut(place, "-")
	c.first, ok = number(first)
	c.last, ok2 = number(last)
	if !ok || !ok2 || c.last < c.first || c.size >= 0 && c.last >= c.size {
		return c, bad
	}
	return c, nil
}

// number parses digits and nothing else, up to what leaves room for a length.
func number(s string) (int64, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 63)
	return n, err == nil
}

// clipped is as much of what a server says as belongs in an error.
func clipped(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
