package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/qtgpu/qtgpu"
)

// known is what the first answer tells of the file, and all others must agree to.
type known struct {
	size      int64
	etag      string
	modified  string
	validator string // for If-Range, "" where there is no strong one
}

// errIdle ends a try at which nothing comes.
var errIdle = errors.New("no byte came")

// attempt asks once for the rest of a run, and takes what comes.
func (f *File) attempt(ctx context.Context, r *run) error {
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-f.slots }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(f.idle, func() { cancel(errIdle) })
	defer idle.Stop()
	err := f.transfer(ctx, r, idle)
	if err != nil && context.Cause(ctx) == errIdle {
		return &transient{error: fmt.Errorf("%w for %v", errIdle, f.idle)}
	}
	return err
}

// transfer makes the request, and copies the bytes of an answer that fits.
func (f *File) transfer(ctx context.Context, r *run, idle *time.Timer) error {
	resp, err := f.send(ctx, r.rest())
	if err != nil {
		return f.unanswered(err)
	}
	defer resp.Body.Close()
	n, err := f.accept(resp, r)
	if err == nil {
		err = receive(r, n, &watched{resp.Body, idle, f.idle})
	}
	if to := resp.Request.URL; err != nil && to.String() != f.url.String() {
		err = fmt.Errorf("%w (redirected to %s)", err, redacted(to))
	}
	if err != nil {
		return &Error{f.name, resp.StatusCode, err}
	}
	return nil
}

// send asks for a range.
func (f *File) send(ctx context.Context, at qtgpu.Range) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = f.header.Clone()
	req.Host = req.Header.Get("Host") // the URL's where it is ""
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", at.Offset, end(at)-1))
	req.Header.Set("Accept-Encoding", "identity")
	if f.known != nil && f.known.validator != "" {
		req.Header.Set("If-Range", f.known.validator)
	}
	return f.client.Do(req)
}

// accept gives how many bytes of a run an answer has, from the first one that is missing.
func (f *File) accept(resp *http.Response, r *run) (int64, error) {
	h := resp.Header
	if code := h.Get("Content-Encoding"); code != "" && !strings.EqualFold(code, "identity") {
		return 0, fmt.Errorf("Content-Encoding %q, expected none: its ranges are not the file's", clipped(code))
	}
	if f.known == nil && isEmpty(resp) {
		f.learn(h, r, 0)
		return 0, nil
	}
	if resp.StatusCode != http.StatusPartialContent {
		return 0, f.refused(resp)
	}
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind == "multipart/byteranges" {
		return 0, errors.New("multipart/byteranges, expected the one part that was asked for")
	}
	c, err := parseContentRange(h.Get("Content-Range"))
	if err == nil {
		err = cmp.Or(f.changed(h, c.size), c.answers(r.rest(), h.Get("Content-Range")))
	}
	switch n := resp.ContentLength; {
	case err != nil:
		return 0, err
	case n >= 0 && n != c.length():
		return 0, fmt.Errorf("body of %d bytes, expected %d as Content-Range has", n, c.length())
	case f.known == nil && c.size < 0:
		return 0, errors.New("Content-Range without the size of the file, expected it behind /")
	case f.known == nil:
		f.learn(h, r, c.size)
	}
	return c.length(), nil
}

// answers tells why what came is not what was asked for: all of it, as far as the file
// reaches, or so much of it that it is worth asking for the rest.
func (c *contentRange) answers(asked qtgpu.Range, text string) error {
	last := end(asked) - 1
	if c.size >= 0 {
		last = min(last, c.size-1)
	}
	if c.first != asked.Offset || c.last > last || c.last < last && c.length() < progress {
		return fmt.Errorf("Content-Range %q, expected bytes %d-%d", text, asked.Offset, last)
	}
	return nil
}

// isEmpty tells whether an answer to the first request says that there are no bytes: with
// a range that cannot be had, or with nothing.
func isEmpty(resp *http.Response) bool {
	c, err := parseContentRange(resp.Header.Get("Content-Range"))
	return resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && err == nil && c.size == 0 ||
		resp.StatusCode == http.StatusOK && resp.ContentLength == 0
}

// learn takes from the first answer what is known of the file, and cuts the run to it.
func (f *File) learn(h http.Header, r *run, size int64) {
	f.known = &known{size, h.Get("ETag"), h.Get("Last-Modified"), validator(h)}
	r.at.Length = min(r.at.Length, size)
}

// validator is what If-Range may have: a strong ETag, or a time of change that is long
// enough before the answer that no other change can bear it (RFC 9110, section 8.8.2.2;
// a minute, as servers of before it ask for).
func validator(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil || now.Sub(modified) < time.Minute {
		return ""
	}
	return h.Get("Last-Modified")
}

// agrees holds an answer against what is known of the file: of If-Range a server may know
// nothing.
func (k *known) agrees(h http.Header, size int64) error {
	for _, c := range []struct{ name, got, want string }{
		{"ETag", h.Get("ETag"), k.etag}, {"Last-Modified", h.Get("Last-Modified"), k.modified},
	} {
		if c.got != "" && c.want != "" && c.got != c.want {
			return fmt.Errorf("%w: %s %#q, expected %#q", ErrChanged, c.name, clipped(c.got), clipped(c.want))
		}
	}
	if size >= 0 && size != k.size {
		return fmt.Errorf("%w: %d bytes, expected %d", ErrChanged, size, k.size)
	}
	return nil
}

// refused is the error of an answer that is no part of the file.
func (f *File) refused(resp *http.Response) error {
	h, code := resp.Header, resp.StatusCode
	err := fmt.Errorf("status %s, expected 206", strings.TrimSpace(fmt.Sprint(code, " ", http.StatusText(code))))
	switch {
	case code == http.StatusOK:
		return cmp.Or(f.changed(h, resp.ContentLength), fmt.Errorf("%w: %w", ErrNoRanges, err))
	case code == http.StatusRequestedRangeNotSatisfiable:
		c, none := parseContentRange(h.Get("Content-Range"))
		if none != nil {
			c.size = -1
		}
		return cmp.Or(f.changed(h, c.size), err)
	case code < 500 && code != http.StatusTooManyRequests:
		return err
	}
	after := retryAfter(h)
	if after > maxAfter {
		return fmt.Errorf("%w, and Retry-After of %v, of which %v are waited at most", err, after, maxAfter)
	}
	return &transient{err, after}
}

// changed holds an answer against what is known of the file, if anything is.
func (f *File) changed(h http.Header, size int64) error {
	if f.known == nil {
		return nil
	}
	return f.known.agrees(h, size)
}

// receive copies the n bytes that an answer has to a run, and sees whether there are more.
// A body that ends too early is no end of the file, so its error is none.
func receive(r *run, n int64, body io.Reader) error {
	before := r.done
	if _, err := io.CopyN(r, body, n); err != nil {
		return &transient{error: fmt.Errorf("body of %d bytes, expected %d: %v", r.done-before, n, err)}
	}
	if more, _ := body.Read(make([]byte, 1)); more > 0 {
		return fmt.Errorf("body of more than the %d bytes that Content-Range has", n)
	}
	return nil
}

// watched is a body whose bytes wind up the timer of a try.
type watched struct {
	io.Reader
	idle *time.Timer
	d    time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.idle.Reset(w.d)
	}
	return n, err
}
