package remote_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/remote"
)

// TestHeaders: headers go to the origin of the URL, with every request, and to nobody
// else: not to another host, port or scheme that a redirect leads to.
func TestHeaders(t *testing.T) {
	data := noise(100_000)
	far := scripted(content(data, "").ServeHTTP)
	farURL := start(t, far).URL
	mux := http.NewServeMux()
	mux.Handle("/file", content(data, ""))
	mux.Handle("/here", http.RedirectHandler("/file", http.StatusTemporaryRedirect))
	mux.Handle("/away", http.RedirectHandler(farURL+"/file?there=1", http.StatusFound))
	near := scripted(mux.ServeHTTP)
	nearURL := start(t, near).URL
	o := &remote.Options{Header: http.Header{
		"Authorization": {"Bearer secret"}, "X-Token": {"secret"}, "private-token": {"secret"}, "Cookie": {"a=secret"},
		"User-Agent": {"viewer"}, "If-Range": {`"zzz"`}, "Range": {"bytes=7-9"}, "Accept-Encoding": {"gzip"},
	}}
	names := []string{"Authorization", "X-Token", "Private-Token", "Cookie"}
	for _, path := range []string{"/file", "/here", "/away"} {
		near.forget()
		far.forget()
		f, err := remote.Open(t.Context(), nearURL+path+"?sig=secret", o)
		require.NoError(t, err, path)
		p := make([]byte, 1000)
		_, err = f.ReadAt(p, 50_000)
		require.NoError(t, err, path)
		assert.Equal(t, data[50_000:51_000], p, path)
		assert.Len(t, near.requests(), map[string]int{"/file": 2, "/here": 4, "/away": 2}[path], path)
		for _, q := range near.requests() {
			for _, name := range names {
				assert.Contains(t, q.Header.Get(name), "secret", "%s: %s", q.URL.Path, name)
			}
		}
		assert.Len(t, far.requests(), map[string]int{"/away": 2}[path], path)
		for i, q := range far.requests() {
			for name, values := range q.Header {
				assert.NotContains(t, strings.Join(values, ""), "secret", "%s: %s", path, name)
			}
			assert.Equal(t, []string{"bytes=0-16383", "bytes=50000-50999"}[i], q.Header.Get("Range"))
		}
		for _, q := range append(near.requests(), far.requests()...) {
			assert.Equal(t, "viewer", q.Header.Get("User-Agent"))
			assert.Equal(t, "identity", q.Header.Get("Accept-Encoding"))
			assert.Empty(t, q.Header.Get("If-Range"))
			assert.Empty(t, q.Header.Get("Referer"))
		}
	}
	assert.Equal(t, []string{`"zzz"`}, o.Header["If-Range"], "the caller's options")
}

// TestUserInformation: it becomes basic authorization, behind a redirect of the same host
// too, unless a header says otherwise.
func TestUserInformation(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/file", content(noise(9), ""))
	s := scripted(mux.ServeHTTP)
	server := start(t, s)
	mux.Handle("/here", http.RedirectHandler(server.URL+"/file", http.StatusFound))
	url := strings.Replace(server.URL, "://", "://Aladdin:open%20sesame@", 1) + "/here"
	f, err := remote.Open(t.Context(), url, nil)
	require.NoError(t, err)
	assert.Equal(t, server.URL+"/here", f.Name())
	_, err = remote.Open(t.Context(), url, &remote.Options{Header: http.Header{"authorization": {"Bearer x"}}})
	require.NoError(t, err)
	for i, q := range s.requests() {
		assert.Equal(t, []string{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Bearer x"}[i/2], q.Header.Get("Authorization"))
	}
	assert.Len(t, s.requests(), 4)
}

// TestHost: the header Host is that of the request.
func TestHost(t *testing.T) {
	s := scripted(content(noise(9), "").ServeHTTP)
	_, err := remote.Open(t.Context(), start(t, s).URL, &remote.Options{Header: http.Header{"Host": {"other.example"}}})
	require.NoError(t, err)
	assert.Equal(t, "other.example", s.requests()[0].Host)
}

// TestRedirectErrors: an error behind a redirect names where it led to, without secrets,
// and https leads to no http.
func TestRedirectErrors(t *testing.T) {
	plain := start(t, http.NotFoundHandler()).URL
	from := start(t, http.RedirectHandler(strings.Replace(plain, "://", "://me:secret@", 1)+"/b?sig=secret#secret", http.StatusFound)).URL
	_, err := remote.Open(t.Context(), from+"/a#secret", nil)
	assert.EqualError(t, err, from+"/a: bytes 0-16383: status 404 Not Found, expected 206 (redirected to "+plain+"/b?…)")

	_, err = remote.Open(t.Context(), "https://far/?sig=secret", &remote.Options{Client: &http.Client{
		Transport: answers(func(q *http.Request) *http.Response {
			return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://far/?sig=secret"}}, Body: http.NoBody, Request: q}
		}),
	}})
	assert.EqualError(t, err, "https://far/?…: bytes 0-16383: redirect from https to http://far/?…")
}

// answers is a transport without a network.
type answers func(*http.Request) *http.Response

func (a answers) RoundTrip(q *http.Request) (*http.Response, error) { return a(q), nil }

// TestClient: the caller's client is used with all that it has, and is not changed.
func TestClient(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	s := scripted(with(http.RedirectHandler("/b", http.StatusFound), "Set-Cookie", "a=b"), content(noise(9), "").ServeHTTP)
	server := start(t, s).URL
	followed := 0
	client := &http.Client{Jar: jar, Timeout: time.Hour, CheckRedirect: func(*http.Request, []*http.Request) error { followed++; return nil }}
	_, err = remote.Open(t.Context(), server, &remote.Options{Client: client})
	require.NoError(t, err)
	assert.Equal(t, "a=b", s.requests()[1].Header.Get("Cookie"))
	assert.Equal(t, 1, followed)
	u, err := url.Parse(server)
	require.NoError(t, err)
	assert.Len(t, jar.Cookies(u), 1)

	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	_, err = remote.Open(t.Context(), start(t, http.RedirectHandler("/b", http.StatusFound)).URL, &remote.Options{Client: client})
	assert.ErrorContains(t, err, "status 302 Found, expected 206")
}
