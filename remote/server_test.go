package remote_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/qtgpu/qtgpu/remote"
)

// noise is n bytes that are the same each time, no two places alike.
func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// content serves a file as package http does.
func content(p []byte, etag string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(p))
	})
}

// script answers the n-th request by the n-th handler, and all behind by the last.
type script struct {
	handlers []http.Handler
	mu       sync.Mutex
	got      []*http.Request
}

func (s *script) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	n := len(s.got)
	s.got = append(s.got, q.Clone(context.Background()))
	s.mu.Unlock()
	s.handlers[min(n, len(s.handlers)-1)].ServeHTTP(w, q)
}

// requests are all that came so far, or since they were forgotten.
func (s *script) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// forget forgets the requests that came.
func (s *script) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = nil
}

// ranges are the headers Range of requests.
func (s *script) ranges() (r []string) {
	for _, q := range s.requests() {
		r = append(r, q.Header.Get("Range"))
	}
	return r
}

func scripted(handlers ...http.HandlerFunc) *script {
	s := &script{}
	for _, h := range handlers {
		s.handlers = append(s.handlers, h)
	}
	return s
}

// status answers with a status and headers.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		set(w, headers)
		w.WriteHeader(code)
		fmt.Fprint(w, "secret of the body")
	}
}

func set(w http.ResponseWriter, headers []string) {
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
}

// part answers 206 with headers and a body, chunked where the headers have no length.
func part(body []byte, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		set(w, headers)
		w.WriteHeader(http.StatusPartialContent)
		w.(http.Flusher).Flush()
		w.Write(body)
	}
}

// broken answers as h does, and breaks the connection behind n bytes of the body.
func broken(h http.Handler, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		h.ServeHTTP(&cutter{w, n}, q)
	}
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	c.ResponseWriter.Write(p[:n])
	if c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// stuck answers as h does up to n bytes of the body, and then nothing more.
func stuck(h http.Handler, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		h.ServeHTTP(&sleeper{w, n, q.Context()}, q)
	}
}

type sleeper struct {
	http.ResponseWriter
	left int
	ctx  context.Context
}

func (s *sleeper) Write(p []byte) (int, error) {
	n := min(len(p), s.left)
	s.left -= n
	s.ResponseWriter.Write(p[:n])
	if s.left == 0 {
		s.ResponseWriter.(http.Flusher).Flush()
		<-s.ctx.Done()
		return n, io.ErrClosedPipe
	}
	return n, nil
}

// start serves h on this machine, until the test ends.
func start(t testing.TB, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// pipes is a network in memory, for tests whose time is made up.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

// timeless runs f with a server of h, http://far/, whose time passes in no time.
func timeless(t *testing.T, h http.Handler, f func(t *testing.T, o *remote.Options)) {
	synctest.Test(t, func(t *testing.T) {
		network := make(pipes)
		server := &http.Server{Handler: h}
		go server.Serve(network)
		transport := &http.Transport{DialContext: network.dial}
		f(t, &remote.Options{Client: &http.Client{Transport: transport}})
		transport.CloseIdleConnections()
		close(network)
		assert.NoError(t, server.Close())
	})
}
