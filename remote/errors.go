package remote

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

var (
	// ErrChanged reports a file that is another one than when it was opened.
	ErrChanged = errors.New("the file has changed since it was opened")
	// ErrNoRanges reports a server that sends whole files where parts are asked for.
	ErrNoRanges = errors.New("the server gives no parts of files")
)

// Error reports a request that failed. Neither its text nor its fields have user
// information, queries of URLs or headers that were sent.
type Error struct {
	URL    string // as File.Name
	Status int    // of the last answer, 0 where there was none
	Err    error  // what was found and what was expected
}

func (e *Error) Error() string { return e.URL + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// wrap gives an error the URL, unless it has it.
func (f *File) wrap(err error) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{URL: f.name, Err: err}
}

// transient is an error that may be gone at the next try, which is not to come before
// after.
type transient struct {
	error
	after time.Duration
}

func (e *transient) Unwrap() error { return e.error }

// unanswered is the error of a request without an answer. One without a connection is no
// accident while none has been: the address is wrong.
func (f *File) unanswered(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // which leaves out the URL
	}
	switch no := (*net.OpError)(nil); {
	case errors.As(err, new(refusal)),
		errors.As(err, new(*tls.CertificateVerificationError)),
		errors.As(err, new(tls.RecordHeaderError)), errors.Is(err, http.ErrSchemeMismatch),
		f.known == nil && errors.As(err, &no) && no.Op == "dial":
		return err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF): // which is no end of the file
		return &transient{error: errors.New("the connection ended without an answer")}
	case strings.Contains(err.Error(), "Location header"): // and what it has
		return errors.New("redirect to an address that cannot be parsed")
	}
	return &transient{error: err}
}
