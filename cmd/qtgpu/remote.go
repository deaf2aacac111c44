package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/remote"
)

// isURL tells whether a name is of a file on a web server.
func isURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// safeName is a name as errors have it.
func safeName(name string) string {
	if isURL(name) {
		return remote.Redacted(name)
	}
	return name
}

// localName is the name that an input has without the folders of the server: the last part
// of a URL's path, and any other name as it is.
func localName(name string) (string, error) {
	if !isURL(name) {
		return name, nil
	}
	if u, err := url.Parse(name); err == nil {
		last, err := url.PathUnescape(path.Base(u.EscapedPath()))
		if err == nil && filepath.Base(last) == last && filepath.IsLocal(last) && last != "." && !strings.ContainsFunc(last, unicode.IsControl) {
			return last, nil
		}
	}
	return "", usagef("missing -o: %s has no name of a file", safeName(name))
}

// access is how files on web servers are asked for.
type access struct{ headers headers }

func (x *access) add(f *pflag.FlagSet) {
	x.headers = headers{}
	f.Var(x.headers, "header", `send a header to the server of a URL, as "Authorization: Bearer …"; @FILE has one a line, and keeps a token from who lists processes. Repeat it for more`)
}

// idle refuses headers where no input is a URL.
func (x *access) idle(f *pflag.FlagSet, names ...string) error {
	return refuseIdle(f, []idle{{"header", !slices.ContainsFunc(names, isURL), "no input is a URL"}})
}

// open opens an input, a .qtg file where it is a URL.
func (x *access) open(ctx context.Context, name string, stdin io.Reader) (*source, error) {
	if !isURL(name) {
		return openSource(name, stdin)
	}
	f, err := remote.Open(ctx, name, &remote.Options{Header: http.Header(x.headers)})
	if err != nil {
		return nil, at(safeName(name), nameless(err))
	}
	s := &source{name: f.Name(), qtg: true, remote: f, close: func() error { return nil }}
	head := make([]byte, min(f.Size(), int64(len(container.Magic))))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, at(s.name, nameless(err))
	}
	if string(head) != container.Magic {
		return nil, at(s.name, fmt.Errorf("not a .qtg file: found bytes % x, expected % x; %s", head, container.Magic, imageHint))
	}
	return s, nil
}

// imageHint is a way to encode an image from a web server.
const imageHint = "an image is encoded by curl -L URL | qtgpu -i - -t T -o OUT.qtg"

// nameless is an error of a file on a web server without its name, which at puts before
// it, and with a way out where there is one.
func nameless(err error) error {
	e := (*remote.Error)(nil)
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(err, remote.ErrNoRanges):
		return fmt.Errorf("%w; all of it is read by curl -L URL | qtgpu -i - -o OUT", e.Err)
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return fmt.Errorf("%w; --header @FILE sends what the server asks for", e.Err)
	}
	return e.Err
}

// anonymous is a file on a web server whose errors do not name it.
type anonymous struct{ *remote.File }

// ReadAt implements io.ReaderAt.
func (a anonymous) ReadAt(p []byte, off int64) (int, error) {
	n, err := a.File.ReadAt(p, off)
	return n, nameless(err)
}

// ReadRanges implements qtgpu.RangeReader.
func (a anonymous) ReadRanges(ctx context.Context, ranges []qtgpu.Range) ([][]byte, error) {
	p, err := a.File.ReadRanges(ctx, ranges)
	return p, nameless(err)
}

// headers are what --header gives.
type headers http.Header

// Set implements pflag.Value. No error has a value, which may be a secret.
func (h headers) Set(text string) error {
	lines := []string{text}
	if name, ok := strings.CutPrefix(text, "@"); ok {
		p, err := os.ReadFile(name)
		if err != nil {
			return &wrongValue{strconv.Quote(text), "a file of headers: " + bare(err).Error()}
		}
		lines = strings.Split(string(p), "\n")
	}
	for i, line := range lines {
		if line = strings.TrimSpace(line); line == "" && len(lines) > 1 {
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); name == "" || value == "" || strings.ContainsFunc(name, unicode.IsSpace) {
			where := "…"
			if len(lines) > 1 {
				where = fmt.Sprintf("%q, line %d", text, i+1)
			}
			return &wrongValue{where, `"NAME: VALUE", or @FILE with one a line`}
		}
		http.Header(h).Add(name, value)
	}
	return nil
}

// String implements pflag.Value: the names, without values.
func (h headers) String() string { return strings.Join(slices.Sorted(maps.Keys(h)), ", ") }

// Type implements pflag.Value.
func (h headers) Type() string { return "NAME: VALUE" }
