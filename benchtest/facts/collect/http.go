//go:build linux

package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// exchange is how one HTTP query is asked.
type exchange struct {
	request            *http.Request
	insecure, noFollow bool
	serverName         string
	leaf               *x509.Certificate // the server's, once it was seen
	server             server
}

func httpExchange(ctx context.Context, s *session, q facts.Query) (finding, error) {
	ctx, cancel, err := withTimeout(ctx, q)
	if err != nil {
		return finding{}, err
	}
	defer cancel()
	x, err := parseExchange(ctx, q)
	if err != nil {
		return finding{}, err
	}
	client := s.httpClient(ctx, x)
	defer client.CloseIdleConnections()
	begin := time.Now()
	resp, err := client.Do(x.request)
	if err != nil {
		return s.noResponse(x, err), nil
	}
	defer resp.Body.Close()
	// One byte more than is kept marks the body as cut.
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(s.maxBytes())+1))
	program, took := x.server.seen()
	found := finding{attrs: map[string]any{
		"status":  resp.StatusCode,
		"headers": headerLines(resp.Header),
		"body":    string(body),
		"latency": milliseconds(time.Since(begin) - took),
	}}
	if program != "" {
		found.attrs["program"] = program
	}
	found.raw = fmt.Sprintf("%s %s", resp.Proto, resp.Status)
	if err != nil {
		found.raw += "\nread body: " + err.Error()
		found.truncated = true
	}
	s.addCertificate(x, &found)
	return found, nil
}

// noResponse: that nobody answers is an answer.
func (s *session) noResponse(x *exchange, err error) finding {
	found := finding{attrs: map[string]any{"status": 0, "headers": []string{}, "body": ""}, raw: err.Error()}
	s.addCertificate(x, &found)
	return found
}

func parseExchange(ctx context.Context, q facts.Query) (*exchange, error) {
	u, err := url.Parse(q.Subject)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("http %q: want http:// or https:// and a host", q.Subject)
	}
	x := &exchange{}
	method, merr := param[string](q, "method")
	body, berr := param[string](q, "body")
	host, herr := param[string](q, "host")
	headers, aerr := param[map[string]any](q, "headers")
	var ierr, nerr error
	x.insecure, ierr = param[bool](q, "insecure")
	x.noFollow, nerr = param[bool](q, "no-follow")
	if err := errors.Join(merr, berr, herr, aerr, ierr, nerr); err != nil {
		return nil, err
	}
	x.request, err = http.NewRequestWithContext(ctx, strings.ToUpper(method), q.Subject, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	x.request.Header.Set("User-Agent", "benchtest")
	for name, value := range headers {
		x.request.Header.Set(name, fmt.Sprint(value))
	}
	if host != "" {
		x.request.Host = host
		x.serverName, _, _ = strings.Cut(host, ":")
	}
	return x, nil
}

// httpClient is a client without memory and without the environment's proxies.
func (s *session) httpClient(ctx context.Context, x *exchange) *http.Client {
	config := &tls.Config{
		ServerName: x.serverName,
		MinVersion: tls.VersionTLS10,
		// Verification is our own, below, so that the certificate is seen before
		// it is refused.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if x.leaf == nil {
				x.leaf = state.PeerCertificates[0]
			}
			if x.insecure {
				return nil
			}
			bundle, err := s.readBundle(ctx)
			if err != nil {
				return err
			}
			return bundle.verify(state.PeerCertificates, state.ServerName, s.env.now())
		},
	}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{Conn: conn, look: func() { x.server.look(func() string { return s.serverOf(ctx, conn) }) }}, nil
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: dial, TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
	if x.noFollow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

// addCertificate adds the first certificate that was seen.
func (s *session) addCertificate(x *exchange, found *finding) {
	if x.leaf == nil {
		return
	}
	found.attrs["certificate"] = map[string]any{
		"subject":   x.leaf.Subject.String(),
		"issuer":    x.leaf.Issuer.String(),
		"san":       alternativeNames(x.leaf),
		"days-left": daysLeft(x.leaf, s.env.now()),
	}
}

func headerLines(h http.Header) []string {
	lines := []string{}
	for name, values := range h {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	return lines
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
