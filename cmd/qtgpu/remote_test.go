package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// site is a web server of a directory that wants a token.
type site struct {
	*httptest.Server
	requests atomic.Int32
}

// serve serves a directory until the test ends, to who has the token, if there is one.
func serve(t *testing.T, dir, token string) *site {
	s := &site{}
	files := http.FileServer(http.Dir(dir))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.requests.Add(1)
		if q.Header.Get("X-Token") != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, q)
	}))
	t.Cleanup(s.Close)
	return s
}

// TestRemote: all that reads a .qtg file reads it from a URL, with the same outcome as of
// the file at hand.
func TestRemote(t *testing.T) {
	dir, qtg := encoded(t)
	url := serve(t, dir, "").URL + "/in.qtg?sig=secret"
	out := func(name string) string { return filepath.Join(t.TempDir(), name) }
	for _, args := range [][]string{
		{"-i", "IN", "-o", "OUT.png"},
		{"-i", "IN", "-o", "OUT.tif", "--level", "2"},
		{"-i", "IN", "-o", "OUT.png", "--region", "300,100,200,300", "--level", "0"},
		{"-i", "IN", "-o", "OUT.png", "--keep-going"},
		{"tree", "IN", "-o", "OUT.png"},
		{"info", "IN", "--json"},
		{"info", "IN", "--stats"},
		{"verify", "IN"},
		{"verify", "IN", filepath.Join(dir, "in.png")},
	} {
		var got [2]string
		var written [2][]byte
		for i, in := range []string{qtg, url} {
			name := ""
			with := make([]string, len(args))
			for k, arg := range args {
				if with[k] = strings.Replace(arg, "IN", in, 1); strings.HasPrefix(arg, "OUT") {
					name = out(arg)
					with[k] = name
				}
			}
			r := qtgpuRun(with...)
			require.Equal(t, exitOK, r.status, "%v: %s", args, r.stderr)
			require.Empty(t, r.stderr, "%v", args)
			got[i] = strings.NewReplacer(qtg, "IN", strings.TrimSuffix(url, "sig=secret")+"…", "IN", name, "OUT").Replace(r.stdout)
			if name != "" {
				written[i] = readFile(t, name)
			}
		}
		assert.Equal(t, got[0], got[1], "%v", args)
		assert.True(t, bytes.Equal(written[0], written[1]), "%v: output", args)
	}
}

// TestRemoteName: without -o the output has the last part of the path, in the directory
// where the command runs, and never another one.
func TestRemoteName(t *testing.T) {
	for url, want := range map[string]string{
		"https://far/a/b.qtg?x=/y.qtg#/z":  "b.qtg",
		"HTTP://far/a%20b.qtg":             "a b.qtg",
		"https://far/%C3%A9.qtg":           "é.qtg",
		"https://far/a/..%2Fb.qtg":         "",
		"https://far/a%2Fb.qtg":            "",
		"https://far/a/%2E%2E":             "",
		"https://far/a/..":                 "",
		"https://far/.":                    "",
		"https://far/a%0Ab.qtg":            "",
		"https://far/a%00b.qtg":            "",
		"https://far/":                     "",
		"https://far":                      "",
		"https://me:secret@far?sig=secret": "",
		"a/b.qtg":                          "a/b.qtg",
		"httpx://far/b.qtg":                "httpx://far/b.qtg",
	} {
		got, err := localName(url)
		assert.Equal(t, want, got, url)
		if want == "" {
			assert.ErrorContains(t, err, "missing -o: ", url)
			assert.NotContains(t, err.Error(), "secret", url)
		}
	}

	dir, _ := encoded(t)
	url := serve(t, dir, "").URL
	t.Chdir(t.TempDir())
	mustRun(t, "-i", url+"/in.qtg", "--level", "3")
	assert.Equal(t, []string{"in.png"}, files(t, "."))
	r := qtgpuRun("-i", url+"/in.qtg", "--level", "3")
	r.fails(t, exitFailure, "in.png: exists already", "a second time")
}

// TestRemoteInputs: of a batch, too, and none of its messages has the secrets of a URL.
func TestRemoteInputs(t *testing.T) {
	dir, _ := encoded(t)
	url := serve(t, dir, "").URL
	here(t, "b.qtg")
	mustRun(t, url+"/in.qtg?sig=secret", "b.qtg", "--output-dir", "o")
	assert.Equal(t, "b.qtg o/b.png o/in.png", below(t))
	mustRun(t, url+"/in.qtg?sig=secret", "p.png") // the extension of which makes it the output
	mustRun(t, url+"/in.qtg?sig=secret", "--suffix", "-s")
	assert.Equal(t, "b.qtg in-s.png o/b.png o/in.png p.png", below(t))

	r := qtgpuRun(url+"/none.qtg?sig=secret", "b.qtg", url+"/?sig=secret2", "-o", "x.png")
	r.fails(t, exitUsage, "-o x.png with 3 inputs", "")
	r = qtgpuRun(url+"/none.qtg?sig=secret", "b.qtg", "--output-dir", "n")
	assert.Equal(t, exitFailure, r.status)
	assert.True(t, strings.HasSuffix(r.stderr, "1 of 2 files failed: "+url+"/none.qtg?…\n"), r.stderr)
	assert.NotContains(t, r.stderr, "secret")
	r = qtgpuRun(url+"/in.qtg?sig=secret", url+"/in.qtg?sig=other", "--output-dir", "n")
	r.fails(t, exitUsage, "would both become n/in.png", "one name twice")
	assert.NotContains(t, r.stderr, "secret")
	assert.Equal(t, "b.qtg in-s.png n/b.png o/b.png o/in.png p.png", below(t))
	qtgpuRun("b.qtg", "b.qtg", "--header", "A: b").fails(t, exitUsage, "--header does nothing here: no input is a URL", "")
}

// TestRemoteFails: what cannot be read says why and what to do, with neither the secrets of
// the URL nor the address twice, and leaves no file.
func TestRemoteFails(t *testing.T) {
	dir, qtg := encoded(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty.qtg"), nil, 0o666))
	cut := readFile(t, qtg)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cut.qtg"), cut[:len(cut)-100], 0o666))
	good := serve(t, dir, "").URL
	locked := serve(t, dir, "abc").URL
	whole := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { w.Write(cut) }))
	defer whole.Close()
	work := t.TempDir()
	t.Chdir(work)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-i", good + "/none.qtg?sig=secret", "-o", "a.png"}, exitFailure, good + "/none.qtg?…: bytes 0-16383: status 404 Not Found, expected 206"},
		{[]string{"info", locked + "/in.qtg?sig=secret"}, exitFailure, "status 401 Unauthorized, expected 206; --header @FILE sends what the server asks for"},
		{[]string{"info", whole.URL + "/in.qtg?sig=secret"}, exitFailure, "the server gives no parts of files: status 200 OK, expected 206; all of it is read by curl -L URL | qtgpu -i - -o OUT"},
		{[]string{"-i", good + "/in.png?sig=secret", "-t", "5"}, exitFailure, good + "/in.png?…: not a .qtg file: found bytes 89 50 4e 47 0d 0a 1a 0a, expected 89 51 54 47 0d 0a 1a 0a; an image is encoded by curl -L URL | qtgpu -i - -t T -o OUT.qtg"},
		{[]string{"info", good + "/empty.qtg"}, exitFailure, "/empty.qtg: not a .qtg file: found bytes , expected 89 51"},
		{[]string{"-i", good + "/cut.qtg?sig=secret"}, exitFailure, "--keep-going gives what there is"},
		{[]string{"-i", good + "/in.qtg?sig=secret", "-t", "5"}, exitUsage, "-t is for encoding, and " + good + "/in.qtg?… is a .qtg file"},
		{[]string{"-i", good + "/in.qtg?sig=secret", "--level", "99"}, exitUsage, "--level 99"},
		{[]string{"plan", "-i", good + "/in.png?sig=secret", "-t", "5", "-o", "job"}, exitFailure, good + "/in.png?…: expected a file or a stream: an image is encoded by curl"},
		{[]string{"verify", good + "/in.qtg", good + "/in.png?sig=secret"}, exitFailure, good + "/in.png?…: expected a file or a stream"},
		{[]string{"tree", good + "/in.qtg?sig=secret"}, exitUsage, "missing -o: expected qtgpu tree " + good + "/in.qtg?… -o TREE.png"},
		{[]string{"info", "http://me:secret@:x/%zz"}, exitFailure, "URL: cannot be parsed, expected https://HOST/PATH"},
		{[]string{"-i", qtg, "-o", "a.png", "--header", "X-Token: secret"}, exitUsage, "--header does nothing here: no input is a URL"},
		{[]string{"info", qtg, "--header", "X-Token: secret"}, exitUsage, "--header does nothing here: no input is a URL"},
		{[]string{"verify", qtg, "--header", "X-Token: secret"}, exitUsage, "--header does nothing here: no input is a URL"},
		{[]string{"tree", qtg, "-o", "a.png", "--header", "X-Token: secret"}, exitUsage, "--header does nothing here: no input is a URL"},
	} {
		r := qtgpuRun(c.args...)
		r.fails(t, c.status, c.want, c.args)
		assert.NotContains(t, r.stderr, "secret", "%v", c.args)
		assert.LessOrEqual(t, strings.Count(r.stderr, "http://"), 1, "%v: %s", c.args, r.stderr)
		assert.Empty(t, r.stdout, "%v", c.args)
	}
	assert.Empty(t, files(t, work))

	r := qtgpuRun("-i", good+"/cut.qtg", "--keep-going")
	assert.Equal(t, exitPartial, r.status, r.stderr)
	assert.Contains(t, r.stderr, "1 of 4 tiles lost")
}

// TestHeader: headers come from flags and files, and reach the server; what is none is an
// error without its value.
func TestHeader(t *testing.T) {
	dir, _ := encoded(t)
	s := serve(t, dir, "abc")
	token, bad := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(token, []byte("\r\nX-Other: 1\r\nX-Token: abc\r\n"), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("X-Other: 1\nsecret\n"), 0o600))
	for _, args := range [][]string{{"--header", "X-Token: abc"}, {"--header=x-token:abc"}, {"--header", "X-Other: 1", "--header", "@" + token}} {
		mustRun(t, append([]string{"info", s.URL + "/in.qtg"}, args...)...)
	}
	for value, want := range map[string]string{
		"secret":              `--header …: expected "NAME: VALUE", or @FILE with one a line`,
		": secret":            `--header …: expected "NAME: VALUE"`,
		"X-Token:":            `--header …: expected "NAME: VALUE"`,
		"X Token: secret":     `--header …: expected "NAME: VALUE"`,
		"":                    `--header …: expected "NAME: VALUE"`,
		"@" + bad:             `--header "@` + bad + `", line 2: expected "NAME: VALUE"`,
		"@none":               `--header "@none": expected a file of headers: no such file or directory`,
		"X\x01Token: secret":  `expected a name of letters, digits and hyphens`,
		"X-Token: secret\x01": "header X-Token with a control character, expected none",
	} {
		r := qtgpuRun("info", s.URL+"/in.qtg", "--header", value)
		assert.NotEqual(t, exitOK, r.status, "%q", value)
		assert.Contains(t, r.stderr, want, "%q", value)
		assert.NotContains(t, r.stderr, "secret", "%q", value)
	}
}

// TestRemoteRequests: a look at a part of a file takes the requests that it needs.
func TestRemoteRequests(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	w, h := 2200, 1600
	if testing.Short() {
		w, h = 700, 700
	}
	writeImage(t, in, w, h, 3, 8)
	mustRun(t, "-i", in, "-t", "0", "-q", "--effort", "1")
	mustRun(t, "-i", in, "-t", "2", "-q", "-o", filepath.Join(dir, "lossy.qtg"))
	s := serve(t, dir, "")
	for _, c := range []struct {
		args []string
		most int32
	}{
		{[]string{"info", s.URL + "/in.qtg"}, 3},
		{[]string{"info", s.URL + "/lossy.qtg"}, 2},
		{[]string{"-i", s.URL + "/in.qtg", "-o", filepath.Join(dir, "a.png"), "--level", "3"}, 3},
		{[]string{"-i", s.URL + "/lossy.qtg", "-o", filepath.Join(dir, "b.png"), "--region", "600,600,100,100"}, 4},
		{[]string{"verify", s.URL + "/lossy.qtg"}, 4},
		{[]string{"tree", s.URL + "/lossy.qtg", "-o", filepath.Join(dir, "c.png")}, 6},
	} {
		s.requests.Store(0)
		mustRun(t, c.args...)
		assert.LessOrEqual(t, s.requests.Load(), c.most, "%v: requests", c.args)
		assert.Positive(t, s.requests.Load(), "%v", c.args)
	}
}

// TestRemoteInterrupt: a signal ends a wait for a server at once.
func TestRemoteInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		cancel()
		<-q.Context().Done()
	}))
	defer server.Close()
	began := time.Now()
	var stdout, stderr bytes.Buffer
	status := run(ctx, []string{"info", server.URL}, strings.NewReader(""), &stdout, &stderr)
	assert.Equal(t, exitFailure, status)
	assert.Contains(t, stderr.String(), "interrupted")
	assert.Less(t, time.Since(began), 20*time.Second, "less than it waits for a byte")
}
