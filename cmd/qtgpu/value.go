package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// wrongValue says what a flag takes instead of a value.
type wrongValue struct{ value, expected string }

func (w *wrongValue) Error() string { return "expected " + w.expected }

// free is a flag that takes any text, which help shows as form.
type free struct {
	to   *string
	form string
}

// Set implements pflag.Value.
func (t *free) Set(s string) error {
	*t.to = s
	return nil
}

// String implements pflag.Value.
func (t *free) String() string { return *t.to }

// Type implements pflag.Value.
func (t *free) Type() string { return t.form }

// several is a flag that may be given again, and takes any text.
type several struct {
	to   *[]string
	form string
}

// Set implements pflag.Value.
func (s *several) Set(text string) error {
	*s.to = append(*s.to, text)
	return nil
}

// String implements pflag.Value.
func (s *several) String() string { return strings.Join(*s.to, ", ") }

// Type implements pflag.Value.
func (s *several) Type() string { return s.form }

// someOf is a flag that takes some of a few names, with commas between them.
type someOf struct {
	to    *[]string
	names []string
}

// Set implements pflag.Value.
func (s *someOf) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if err := (&oneOf[string]{new(string), s.names, s.names}).Set(strings.TrimSpace(name)); err != nil {
			return err
		}
		if !slices.Contains(*s.to, strings.TrimSpace(name)) {
			*s.to = append(*s.to, strings.TrimSpace(name))
		}
	}
	return nil
}

// String implements pflag.Value.
func (s *someOf) String() string { return strings.Join(*s.to, ",") }

// Type implements pflag.Value.
func (s *someOf) Type() string { return strings.Join(s.names, ",") }

// oneOf is a flag that takes one of a few names, which stand for values.
type oneOf[T comparable] struct {
	to     *T
	names  []string
	values []T
}

// Set implements pflag.Value.
func (o *oneOf[T]) Set(name string) error {
	i := slices.Index(o.names, name)
	if i < 0 {
		expected := strings.Join(o.names, ", ")
		if meant := nearest(name, o.names); meant != "" && strings.ContainsFunc(name, unicode.IsLetter) {
			expected += "; did you mean " + meant + "?"
		}
		return &wrongValue{strconv.Quote(name), expected}
	}
	*o.to = o.values[i]
	return nil
}

// String implements pflag.Value: the name of the present value, "" where none has one.
func (o *oneOf[T]) String() string {
	if i := slices.Index(o.values, *o.to); i >= 0 {
		return o.names[i]
	}
	return ""
}

// Type implements pflag.Value. Help shows it as what the flag takes.
func (o *oneOf[T]) Type() string { return strings.Join(o.names, "|") }

// whole is a flag that takes a whole number from least to most; most is 0 for no upper end.
type whole[T int | int64] struct {
	to          *T
	least, most T
}

func atLeast[T int | int64](least T, to *T) *whole[T] { return &whole[T]{to, least, 0} }

// Set implements pflag.Value.
func (n *whole[T]) Set(text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return &wrongValue{strconv.Quote(text), "a whole number"}
	case err != nil || int64(T(v)) != v || T(v) < n.least || n.most > 0 && T(v) > n.most:
		return &wrongValue{text, n.expected()}
	}
	*n.to = T(v)
	return nil
}

func (n *whole[T]) expected() string {
	if n.most == 0 {
		return fmt.Sprintf("%d or more", n.least)
	}
	return fmt.Sprintf("%d to %d", n.least, n.most)
}

// String implements pflag.Value.
func (n *whole[T]) String() string { return strconv.FormatInt(int64(*n.to), 10) }

// Type implements pflag.Value.
func (n *whole[T]) Type() string { return "N" }

// size is a flag that takes bytes, with a suffix K, M, G or T of powers of 1024.
type size int64

// String implements pflag.Value.
func (s *size) String() string {
	if *s%(1<<20) == 0 {
		return strconv.FormatInt(int64(*s>>20), 10) + "M"
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type implements pflag.Value.
func (s *size) Type() string { return "SIZE" }

// Set implements pflag.Value; 0 is no limit.
func (s *size) Set(text string) error {
	n, err := parseSize(text)
	if *s = size(n); n == 0 && err == nil {
		*s = math.MaxInt64
	}
	return err
}

// parseSize gives the bytes of a size.
func parseSize(text string) (int64, error) {
	digits := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	shift := 0
	for i, suffix := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, &wrongValue{strconv.Quote(text), "bytes, as 500000000, 512M or 4GiB"}
	}
	return int64(n) << shift, nil
}
