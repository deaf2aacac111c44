package remote_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/remote"
)

// without answers as h does, without some headers.
func without(h http.Handler, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		for _, name := range headers {
			q.Header.Del(name)
		}
		h.ServeHTTP(w, q)
	}
}

// with answers as h does, with more headers.
func with(h http.Handler, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		set(w, headers)
		h.ServeHTTP(w, q)
	}
}

// TestOpenRefuses: what is no first part of a file is an error that says what came and what
// was expected, at the first try.
func TestOpenRefuses(t *testing.T) {
	data := noise(100_000)
	first := data[:16384]
	long := strings.Repeat("x", 500)
	for name, c := range map[string]struct {
		h      http.Handler
		status int
		want   string
		is     error
	}{
		"no such file":        {http.NotFoundHandler(), 404, "status 404 Not Found, expected 206", nil},
		"who are you":         {status(401, "WWW-Authenticate", `Basic realm="x"`), 401, "status 401 Unauthorized, expected 206", nil},
		"forbidden":           {status(403), 403, "status 403 Forbidden, expected 206", nil},
		"gone":                {status(410), 410, "status 410 Gone, expected 206", nil},
		"no content":          {status(204), 204, "status 204 No Content, expected 206", nil},
		"status unknown":      {status(299), 299, "status 299, expected 206", nil},
		"redirect to nowhere": {status(302), 302, "status 302 Found, expected 206", nil},
		"no ranges":           {without(content(data, ""), "Range"), 200, "the server gives no parts of files: status 200 OK, expected 206", remote.ErrNoRanges},
		"cannot be satisfied": {status(416, "Content-Range", "bytes */900"), 416, "status 416 Requested Range Not Satisfiable, expected 206", nil},
		"gzip":                {with(content(data, ""), "Content-Encoding", "gzip"), 206, `Content-Encoding "gzip", expected none`, nil},
		"multipart":           {part(first, "Content-Type", `multipart/byteranges; boundary=x`), 206, "multipart/byteranges, expected the one part that was asked for", nil},
		"no Content-Range":    {part(first), 206, `Content-Range "", expected bytes FIRST-LAST/SIZE`, nil},
		"long Content-Range":  {part(first, "Content-Range", long), 206, `Content-Range "` + long[:80] + `…", expected`, nil},
		"no size":             {part(first, "Content-Range", "bytes 0-16383/*"), 206, "Content-Range without the size of the file", nil},
		"only a size":         {part(nil, "Content-Range", "bytes */100000"), 206, `Content-Range "bytes */100000", expected bytes 0-16383`, nil},
		"another place":       {part(first, "Content-Range", "bytes 1-16384/100000"), 206, `Content-Range "bytes 1-16384/100000", expected bytes 0-16383`, nil},
		"a longer part":       {part(data[:16385], "Content-Range", "bytes 0-16384/100000"), 206, `Content-Range "bytes 0-16384/100000", expected bytes 0-16383`, nil},
		"a shorter part":      {part(data[:16383], "Content-Range", "bytes 0-16382/100000"), 206, `Content-Range "bytes 0-16382/100000", expected bytes 0-16383`, nil},
		"a longer body":       {part(data[:16385], "Content-Range", "bytes 0-16383/100000"), 206, "body of more than the 16384 bytes that Content-Range has", nil},
		"another length":      {part(first, "Content-Range", "bytes 0-16383/100000", "Content-Length", "16385"), 206, "body of 16385 bytes, expected 16384 as Content-Range has", nil},
		"never the end":       {http.RedirectHandler("/", http.StatusFound), 0, "more than 10 redirects, the last to URL", nil},
		"a file":              {http.RedirectHandler("file:///etc/passwd", http.StatusFound), 0, "redirect to file:///etc/passwd, expected https or http", nil},
		"no URL":              {with(status(302), "Location", "http://far/%zz?sig=secret"), 0, "redirect to an address that cannot be parsed", nil},
	} {
		s := scripted(c.h.ServeHTTP)
		url := start(t, s).URL
		f, err := remote.Open(t.Context(), url+"/?sig=secret", nil)
		require.Nil(t, f, name)
		var e *remote.Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, url+"/?…", e.URL, name)
		assert.Equal(t, c.status, e.Status, name)
		assert.True(t, strings.HasPrefix(err.Error(), url+"/?…: bytes 0-16383: "), "%s: %v", name, err)
		assert.ErrorContains(t, err, strings.ReplaceAll(c.want, "URL", url), name)
		assert.NotContains(t, err.Error(), "secret", name)
		assert.NotContains(t, err.Error(), "try", name)
		if c.is != nil {
			assert.ErrorIs(t, err, c.is, name)
		}
		if !strings.Contains(c.want, "redirects") {
			assert.Len(t, s.requests(), 1, "%s: requests", name)
		}
	}
}

// TestURLs: what is no address of a web server is an error that shows no secret.
func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"file:///etc/passwd":                 "file:///etc/passwd: expected https://HOST/PATH or http://HOST/PATH",
		"ftp://user:secret@far/a?sig=secret": "ftp://far/a?…: expected https://HOST/PATH or http://HOST/PATH",
		"a.qtg":                              "a.qtg: expected https://HOST/PATH or http://HOST/PATH",
		"https:///a":                         "https:///a: expected https://HOST/PATH or http://HOST/PATH",
		"https://user:sec/ret@far/%zz":       "URL: cannot be parsed, expected https://HOST/PATH",
	} {
		_, err := remote.Open(t.Context(), url, nil)
		assert.EqualError(t, err, want)
	}
	for _, c := range []struct {
		o    remote.Options
		want string
	}{
		{remote.Options{IdleTimeout: -1}, "IdleTimeout -1ns, expected 0 or more"},
		{remote.Options{Header: http.Header{"X Y": {"secret"}}}, `header "X Y", expected a name of letters, digits and hyphens`},
		{remote.Options{Header: http.Header{"": {"secret"}}}, `header "", expected a name of letters, digits and hyphens`},
		{remote.Options{Header: http.Header{"X": {"a", "secret\r\nY: secret"}}}, "header X with a control character, expected none"},
	} {
		_, err := remote.Open(t.Context(), "https://far/", &c.o)
		assert.EqualError(t, err, "https://far/: "+c.want)
	}
}

// TestNoConnection: without a server there is no second try, and with a certificate of
// nobody none.
func TestNoConnection(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := remote.Open(t.Context(), s.URL, nil)
	assert.ErrorContains(t, err, s.URL+": bytes 0-16383: dial tcp")
	assert.NotContains(t, err.Error(), "try")

	tries := 0
	secure := httptest.NewUnstartedServer(content(noise(1000), ""))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { tries++; return nil, nil }}
	secure.StartTLS()
	defer secure.Close()
	_, err = remote.Open(t.Context(), secure.URL, nil)
	assert.ErrorAs(t, err, new(*tls.CertificateVerificationError))
	assert.Equal(t, 1, tries)
	f, err := remote.Open(t.Context(), secure.URL, &remote.Options{Client: secure.Client()})
	require.NoError(t, err)
	assert.EqualValues(t, 1000, f.Size())

	_, err = remote.Open(t.Context(), "https"+strings.TrimPrefix(start(t, content(nil, "")).URL, "http"), nil)
	assert.ErrorContains(t, err, "HTTP response to HTTPS client")
	assert.NotContains(t, err.Error(), "try")
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// TestRetries: what may be gone the next time is tried again, from the byte reached on and
// after a while, and six times in all; what came meanwhile is right.
func TestRetries(t *testing.T) {
	data := noise(1 << 20)
	whole := content(data, `"a"`)
	asked := qtgpu.Range{Offset: 100_000, Length: 200_000}
	const all = "bytes=100000-299999"
	times := func(n int, h http.HandlerFunc) []http.HandlerFunc {
		list := []http.HandlerFunc{whole.ServeHTTP}
		for range n {
			list = append(list, h)
		}
		return append(list, whole.ServeHTTP)
	}
	ranges := func(n int) (list []string) {
		for range n {
			list = append(list, all)
		}
		return list
	}
	for _, c := range []struct {
		name        string
		handlers    []http.HandlerFunc
		ranges      []string
		least, most time.Duration // that it takes
		want        string        // of the error
	}{
		{"500", times(1, status(500)), ranges(2), 125 * time.Millisecond, 250 * time.Millisecond, ""},
		{"503 five times", times(5, status(503)), ranges(6), 3875 * time.Millisecond, 7750 * time.Millisecond, ""},
		{"503 six times", times(6, status(503)), ranges(6), 3875 * time.Millisecond, 7750 * time.Millisecond, "bytes 100000-299999: status 503 Service Unavailable, expected 206, at try 6"},
		{"429 with seconds", times(1, status(429, "Retry-After", "7")), ranges(2), 7125 * time.Millisecond, 7250 * time.Millisecond, ""},
		{"429 with a time", times(1, status(429, "Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT")), ranges(2), 9125 * time.Millisecond, 9250 * time.Millisecond, ""},
		{"429 with a time of before", times(1, status(429, "Retry-After", "Sat, 01 Jan 1999 00:00:09 GMT")), ranges(2), 125 * time.Millisecond, 250 * time.Millisecond, ""},
		{"429 with anything", times(1, status(429, "Retry-After", "-7")), ranges(2), 125 * time.Millisecond, 250 * time.Millisecond, ""},
		{"503 for an hour", times(1, status(503, "Retry-After", "3600")), ranges(1), 0, 0, "status 503 Service Unavailable, expected 206, and Retry-After of 1h0m0s, of which 1m0s are waited at most"},
		{"503 for ever", times(1, status(503, "Retry-After", "4000000000000000000")), ranges(1), 0, 0, "and Retry-After of 2562047h47m16s"},
		{"404 behind 500", append(times(1, status(500)), status(404))[:3:3], ranges(2), 0, time.Second, ""},
		{"no body", times(2, broken(whole, 0)), ranges(3), 375 * time.Millisecond, 750 * time.Millisecond, ""},
		{"no answer", times(2, hangUp), ranges(3), 125 * time.Millisecond, 250 * time.Millisecond, ""}, // one more by package http
		{"never an answer", times(9, hangUp), ranges(7), 3875 * time.Millisecond, 7750 * time.Millisecond, "bytes 100000-299999: the connection ended without an answer, at try 6"},
		{"broken body", times(1, broken(whole, 70_000)), []string{all, "bytes=170000-299999"}, 125 * time.Millisecond, 250 * time.Millisecond, ""},
		{"broken body, every 70,000 bytes", times(9, broken(whole, 70_000)), []string{all, "bytes=170000-299999", "bytes=240000-299999"}, 250 * time.Millisecond, 500 * time.Millisecond, ""},
		{"broken body, every 1,000 bytes", times(9, broken(whole, 1000)), []string{all, "bytes=101000-299999", "bytes=102000-299999", "bytes=103000-299999", "bytes=104000-299999", "bytes=105000-299999"}, 3875 * time.Millisecond, 7750 * time.Millisecond, "bytes 105000-299999: body of 1000 bytes, expected 195000: unexpected EOF, at try 6"},
		{"short body", times(1, part(data[100_000:150_000], "Content-Range", "bytes 100000-299999/1048576")), []string{all, "bytes=150000-299999"}, 125 * time.Millisecond, 250 * time.Millisecond, ""},
		{"shorter parts", times(1, part(data[100_000:200_000], "Content-Range", "bytes 100000-199999/1048576")), []string{all, "bytes=200000-299999"}, 0, 0, ""},
		{"no header", times(1, func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }), ranges(2), 30125 * time.Millisecond, 30250 * time.Millisecond, ""},
		{"no end", times(1, stuck(whole, 70_000)), []string{all, "bytes=170000-299999"}, 30125 * time.Millisecond, 30250 * time.Millisecond, ""},
		{"never a header", times(9, func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }), ranges(6), 183 * time.Second, 188 * time.Second, "bytes 100000-299999: no byte came for 30s, at try 6"},
	} {
		s := scripted(c.handlers...)
		timeless(t, s, func(t *testing.T, o *remote.Options) {
			f, err := remote.Open(t.Context(), "http://far/", o)
			require.NoError(t, err, c.name)
			began := time.Now()
			got, err := f.ReadRanges(t.Context(), []qtgpu.Range{asked})
			took := time.Since(began)
			assert.LessOrEqual(t, c.least, took, c.name)
			assert.GreaterOrEqual(t, c.most, took, c.name)
			assert.Equal(t, c.ranges, s.ranges()[1:], c.name)
			for _, q := range s.requests()[1:] {
				assert.Equal(t, `"a"`, q.Header.Get("If-Range"), c.name)
			}
			if c.want != "" {
				assert.ErrorContains(t, err, c.want, c.name)
				assert.Nil(t, got, c.name)
				assert.False(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%s: %v is an end of the file", c.name, err)
				return
			}
			require.NoError(t, err, c.name)
			assert.True(t, string(data[100_000:300_000]) == string(got[0]), c.name)
		})
	}
}

// TestOpenRetries: opening gets on where it was, and holds the rest to what it has seen.
func TestOpenRetries(t *testing.T) {
	data := noise(100_000)
	s := scripted(status(502), broken(content(data, `"a"`), 1000), content(data, `"a"`).ServeHTTP)
	timeless(t, s, func(t *testing.T, o *remote.Options) {
		f, err := remote.Open(t.Context(), "http://far/", o)
		require.NoError(t, err)
		assert.Equal(t, []string{"bytes=0-16383", "bytes=0-16383", "bytes=1000-16383"}, s.ranges())
		p := make([]byte, 16384)
		_, err = f.ReadAt(p, 0)
		require.NoError(t, err)
		assert.Equal(t, data[:16384], p)
	})
	s = scripted(broken(content(data, `"a"`), 1000), content(data, `"b"`).ServeHTTP)
	timeless(t, s, func(t *testing.T, o *remote.Options) {
		_, err := remote.Open(t.Context(), "http://far/", o)
		assert.ErrorIs(t, err, remote.ErrChanged)
	})
}

// TestIdle: a slow body is no idle one, and the time is the caller's to choose.
func TestIdle(t *testing.T) {
	data := noise(100_000)
	slow := func(w http.ResponseWriter, q *http.Request) {
		content(data, "").ServeHTTP(&dripping{w}, q)
	}
	s := scripted(content(data, "").ServeHTTP, slow)
	timeless(t, s, func(t *testing.T, o *remote.Options) {
		o.IdleTimeout = 3 * time.Second
		f, err := remote.Open(t.Context(), "http://far/", o)
		require.NoError(t, err)
		began := time.Now()
		_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{Offset: 20000, Length: 10000}})
		require.NoError(t, err)
		assert.Equal(t, 20*time.Second, time.Since(began), "10 × 1,000 bytes, 2 s each")
		assert.Len(t, s.requests(), 2)
	})
}

// dripping writes 1,000 bytes every two seconds.
type dripping struct{ http.ResponseWriter }

func (d *dripping) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		time.Sleep(2 * time.Second)
		var m int
		m, err = d.ResponseWriter.Write(p[n:min(n+1000, len(p))])
		d.ResponseWriter.(http.Flusher).Flush()
		n += m
	}
	return n, err
}

// TestChanged: a file that is another one than at first is an error at the first answer
// that shows it, whether or not the server knows If-Range.
func TestChanged(t *testing.T) {
	one, other, longer := noise(100_000), noise(200_000)[100_000:], noise(200_000)
	const day, next = "Sat, 01 Jan 2000 00:00:00 GMT", "Sun, 02 Jan 2000 00:00:00 GMT"
	for name, c := range map[string]struct {
		before, after http.Handler
		want          string // "" where nothing can show it
		ifRange       string
	}{
		"ETag, If-Range":           {content(one, `"a"`), content(other, `"b"`), "ETag `\"b\"`, expected `\"a\"`", `"a"`},
		"ETag alone":               {content(one, `"a"`), without(content(other, `"b"`), "If-Range"), "ETag `\"b\"`, expected `\"a\"`", `"a"`},
		"weak ETag":                {content(one, `W/"a"`), content(other, `W/"b"`), "ETag `W/\"b\"`, expected `W/\"a\"`", ""},
		"a time":                   {with(content(one, ""), "Last-Modified", day), with(content(other, ""), "Last-Modified", next), "Last-Modified `" + next, day},
		"a time, If-Range unknown": {with(content(one, ""), "Last-Modified", day), without(with(content(other, ""), "Last-Modified", next), "If-Range"), "Last-Modified `" + next, day},
		"a time of right before":   {with(content(one, ""), "Last-Modified", day, "Date", "Sat, 01 Jan 2000 00:00:59 GMT"), with(content(other, ""), "Last-Modified", next), "Last-Modified `" + next, ""},
		"length":                   {content(one, ""), content(longer, ""), "200000 bytes, expected 100000", ""},
		"shorter, all cut":         {content(one, ""), content(one[:20000], ""), "20000 bytes, expected 100000", ""},
		"shorter, part cut":        {content(one, ""), content(one[:55000], ""), "55000 bytes, expected 100000", ""},
		"empty":                    {content(one, ""), content(nil, ""), "0 bytes, expected 100000", ""},
		"nothing tells":            {content(one, ""), content(other, ""), "", ""},
	} {
		s := scripted(c.before.ServeHTTP, c.after.ServeHTTP)
		f, err := remote.Open(t.Context(), start(t, s).URL, nil)
		require.NoError(t, err, name)
		_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{Offset: 50000, Length: 10000}})
		assert.Equal(t, c.ifRange, s.requests()[1].Header.Get("If-Range"), name)
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorIs(t, err, remote.ErrChanged, name)
		assert.ErrorContains(t, err, "the file has changed since it was opened: "+c.want, name)
		assert.Len(t, s.requests(), 2, name)
	}
	for name, after := range map[string]http.HandlerFunc{
		"as before": without(content(one, `"a"`), "Range"),
		"no ETag":   without(content(one, ""), "Range"),
	} {
		f, err := remote.Open(t.Context(), start(t, scripted(content(one, `"a"`).ServeHTTP, after)).URL, nil)
		require.NoError(t, err, name)
		_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{Offset: 50000, Length: 10000}})
		assert.ErrorIs(t, err, remote.ErrNoRanges, name)
		assert.False(t, errors.Is(err, remote.ErrChanged), name)
	}
}
