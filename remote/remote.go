package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

const (
	// frontSize is what Open reads and holds, as much as a Reader asks for first.
	frontSize = 16 << 10
	// maxRequests is how many requests of a File are under way at once, in all calls.
	maxRequests = 16
	defaultIdle = 30 * time.Second
)

// Options of Open; nil is the zero value.
type Options struct {
	// Client carries out the requests: its transport, its cookies, its limits of time and
	// its own policy of redirects, beside the one of this package. nil is a client with a
	// transport like http.DefaultTransport, which keeps up to 16 idle connections to a
	// host. Client is not changed.
	Client *http.Client
	// Header is sent with every request to the scheme, host and port of the URL; a redirect
	// to elsewhere goes without, but for User-Agent, which is "qtgpu" by default. Range,
	// If-Range and Accept-Encoding of it are not sent.
	Header http.Header
	// IdleTimeout ends a try at which no byte comes for so long, the header included; 0 is
	// 30 s. How long a whole call takes is for its context to limit.
	IdleTimeout time.Duration
}

// check tells what is wrong with the options; values of headers may be secrets.
func (o *Options) check() error {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	for key, values := range o.Header {
		if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
			return fmt.Errorf("header %q, expected a name of letters, digits and hyphens", key)
		}
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, control) }) {
			return fmt.Errorf("header %s with a control character, expected none", key)
		}
	}
	if o.IdleTimeout < 0 {
		return fmt.Errorf("IdleTimeout %v, expected 0 or more", o.IdleTimeout)
	}
	return nil
}

// File is a file on a web server: an io.ReaderAt and a qtgpu.RangeReader. Its methods may
// be called from several goroutines. It needs no closing.
type File struct {
	url    *url.URL // without user information
	name   string
	client *http.Client
	header http.Header
	idle   time.Duration
	slots  chan struct{} // a value for each request under way

	known *known // nil until a server has answered
	front []byte
}

// Open finds the size of the file at an http or https URL, by a request for its first 16
// KiB, which it holds; there is no HEAD, which signed URLs do not allow. User information
// in the URL becomes basic authorization. Redirects are followed, anew for each request
// since where they lead may expire; not from https to http.
//
// The server must answer a range with a range: one that sends whole files instead is an
// error that is [ErrNoRanges], since every read would be a download of all. ctx limits
// opening alone. The error is an [*Error] or the cause of ctx's end.
func Open(ctx context.Context, rawURL string, o *Options) (*File, error) {
	if o == nil {
		o = &Options{}
	}
	f := &File{idle: o.IdleTimeout, slots: make(chan struct{}, maxRequests), header: http.Header{"User-Agent": {"qtgpu"}}}
	if f.idle == 0 {
		f.idle = defaultIdle
	}
	for key, values := range o.Header {
		f.header[http.CanonicalHeaderKey(key)] = slices.Clone(values)
	}
	for _, key := range []string{"Range", "If-Range", "Accept-Encoding"} {
		f.header.Del(key) // which requests have of their own
	}
	if err := f.parse(rawURL); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, f.wrap(err)
	}
	f.client = f.newClient(o.Client)
	first := newRun(&part{at: qtgpu.Range{Length: frontSize}})
	if err := f.fetch(ctx, first); err != nil {
		return nil, err
	}
	f.front = first.parts[0].data
	return f, nil
}

// parse takes the URL apart. What cannot be parsed is in no error: it might be a secret.
func (f *File) parse(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return &Error{URL: Redacted(rawURL), Err: errors.New("cannot be parsed, expected https://HOST/PATH")}
	}
	f.name = redacted(u)
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return f.wrap(errors.New("expected https://HOST/PATH or http://HOST/PATH"))
	}
	if u.User != nil && f.header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		f.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	f.url = u
	return nil
}

// Redacted is a URL without what may be secret, as errors and File.Name have it: without
// user information, the fragment, and the query, of which a mark stays. Of what cannot be
// parsed it is "URL".
func Redacted(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "URL"
	}
	return redacted(u)
}

func redacted(u *url.URL) string {
	safe := *u
	safe.User, safe.RawQuery, safe.ForceQuery, safe.Fragment, safe.RawFragment = nil, "", false, "", ""
	if u.RawQuery != "" {
		return safe.String() + "?…"
	}
	return safe.String()
}

// Name is the URL without what may be secret, see Redacted.
func (f *File) Name() string { return f.name }

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.known.size }

// ReadAt implements io.ReaderAt. No context limits it but the time that tries may be idle;
// ReadRanges takes one.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, f.wrap(fmt.Errorf("byte %d, expected 0 or more", off))
	}
	at := f.clip(qtgpu.Range{Offset: off, Length: int64(len(p))})
	one := &part{at: at, data: p[:0:at.Length]}
	err := f.read(context.Background(), []*part{one})
	if err == nil && at.Length < int64(len(p)) {
		err = io.EOF
	}
	return len(one.data), err
}

// ReadRanges implements qtgpu.RangeReader. Ranges that lie less than 16 KiB apart are one
// request, up to 4 MiB, which holds nothing of what lies between them. The error is an
// [*Error] or the cause of ctx's end; there are no bytes then.
func (f *File) ReadRanges(ctx context.Context, ranges []qtgpu.Range) ([][]byte, error) {
	parts := make([]*part, len(ranges))
	for i, r := range ranges {
		if r.Offset < 0 || r.Length < 0 {
			return nil, f.wrap(fmt.Errorf("range of %d bytes at byte %d, expected neither below 0", r.Length, r.Offset))
		}
		parts[i] = &part{at: f.clip(r), data: []byte{}}
	}
	if err := f.read(ctx, parts); err != nil {
		return nil, err
	}
	out := make([][]byte, len(parts))
	for i, p := range parts {
		out[i] = p.data
	}
	return out, nil
}

// clip is as much of a range as the file has.
func (f *File) clip(r qtgpu.Range) qtgpu.Range {
	off := min(r.Offset, f.Size())
	return qtgpu.Range{Offset: off, Length: min(r.Length, f.Size()-off)}
}

// read fills parts, from what is held or by requests, all at once.
func (f *File) read(ctx context.Context, parts []*part) error {
	var missing []*part
	for _, p := range parts {
		if end(p.at) <= int64(len(f.front)) {
			p.data = append(p.data, f.front[p.at.Offset:end(p.at)]...)
		} else if p.at.Length > 0 {
			missing = append(missing, p)
		}
	}
	runs := join(missing)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return parallel.For(ctx, maxRequests, len(runs), func(i int) error {
		err := f.fetch(ctx, runs[i])
		if err != nil {
			cancel(err) // which is what the others end with
		}
		return err
	})
}

// transport is the one of files whose options have no client.
var transport = sync.OnceValue(func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = maxRequests
	return t
})

// newClient is a client that follows redirects as this package does.
func (f *File) newClient(given *http.Client) *http.Client {
	c := http.Client{Transport: transport()}
	if given != nil {
		c = *given
	}
	policy := c.CheckRedirect
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := f.redirect(req, via); err != nil || policy == nil {
			return err
		}
		return policy(req, via)
	}
	return &c
}

// refusal is a redirect that is not followed.
type refusal struct{ error }

// redirect decides on a redirect, and takes from the request what is for the first host
// alone. Package http keeps back Authorization and Cookie, but neither headers of other
// names nor, in Referer, the query, which may be a signature.
func (f *File) redirect(req *http.Request, via []*http.Request) error {
	const most = 10
	from := via[len(via)-1].URL
	switch to := req.URL; {
	case len(via) >= most:
		return refusal{fmt.Errorf("more than %d redirects, the last to %s", most, redacted(to))}
	case to.Scheme != "http" && to.Scheme != "https":
		return refusal{fmt.Errorf("redirect to %s, expected https or http", redacted(to))}
	case from.Scheme == "https" && to.Scheme == "http":
		return refusal{fmt.Errorf("redirect from https to %s", redacted(to))}
	}
	req.Header.Del("Referer")
	if origin(req.URL) != origin(f.url) {
		for key := range f.header {
			if key != "User-Agent" {
				req.Header.Del(key)
			}
		}
	}
	return nil
}

// origin is the scheme, the host and the port of a URL.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
