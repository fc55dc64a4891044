//go:build linux

package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func certificate(ctx context.Context, s *session, q facts.Query) (finding, error) {
	host, err := param[string](q, "host")
	if err != nil {
		return finding{}, err
	}
	var certs []*x509.Certificate
	if address, ok := strings.CutPrefix(q.Subject, "tls://"); ok {
		ctx, cancel, terr := withTimeout(ctx, q)
		if terr != nil {
			return finding{}, terr
		}
		defer cancel()
		certs, host, err = serverCertificates(ctx, address, host)
	} else {
		certs, err = s.fileCertificates(ctx, q.Subject)
	}
	if unusable, ok := errors.AsType[*noCertificateError](err); ok {
		return finding{attrs: map[string]any{"san": []string{}, "chain": false}, raw: unusable.Error()}, nil
	}
	if err != nil {
		return finding{}, err
	}
	bundle, err := s.readBundle(ctx)
	if err != nil {
		return finding{}, err
	}
	leaf := certs[0]
	attrs := map[string]any{
		"subject":   leaf.Subject.String(),
		"san":       alternativeNames(leaf),
		"days-left": daysLeft(leaf, s.env.now()),
		"chain":     true,
	}
	raw := fmt.Sprintf("issuer %s, serial %s, valid from %s to %s", leaf.Issuer, leaf.SerialNumber,
		leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))
	if err := bundle.verify(certs, host, s.env.now()); err != nil {
		attrs["chain"] = false
		raw += "\n" + err.Error()
	}
	return finding{attrs: attrs, raw: raw}, nil
}

// noCertificateError says that there is no certificate to look at: an answer,
// and one that no rule about a certificate can hold with.
type noCertificateError struct{ reason string }

func (e *noCertificateError) Error() string { return e.reason }

// serverCertificates takes the certificates that a server shows.
func serverCertificates(ctx context.Context, address, host string) ([]*x509.Certificate, string, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("certificate: %w", err)
	}
	if host == "" {
		host = name
	}
	// What is wrong with the certificate is the answer, not a reason to hang up.
	d := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, "", &noCertificateError{err.Error()}
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates, host, nil
}

// fileCertificates reads the certificates of a PEM file, the leaf first.
func (s *session) fileCertificates(ctx context.Context, name string) ([]*x509.Certificate, error) {
	if !strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("certificate %q: want an absolute path or tls://HOST:PORT", name)
	}
	b, err := s.env.Root.ReadFile(ctx, name, 4<<20)
	if notThere(err) || errors.Is(err, errNotRegular) {
		return nil, &noCertificateError{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &noCertificateError{fmt.Sprintf("parse %s: %v", name, err)}
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, &noCertificateError{name + " holds no certificate"}
	}
	return certs, nil
}

func alternativeNames(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, c.EmailAddresses...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	return distinct(names)
}

func daysLeft(c *x509.Certificate, now time.Time) int {
	return int(math.Floor(c.NotAfter.Sub(now).Hours() / 24))
}
