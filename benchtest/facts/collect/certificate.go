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
	roots, err := s.readRoots(ctx)
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
	if err := verifyChain(certs, roots, host, s.env.now()); err != nil {
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

// verifyChain verifies certs[0] with the help of the others. An empty host is
// not verified.
func verifyChain(certs []*x509.Certificate, roots *x509.CertPool, host string, now time.Time) error {
	if roots == nil {
		roots = x509.NewCertPool()
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	_, err := certs[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: now})
	return err
}

// readRoots reads the machine's CA bundle; one that is not there trusts nobody.
func (s *session) readRoots(ctx context.Context) (*x509.CertPool, error) {
	return s.roots.get(func() (*x509.CertPool, error) {
		pool := x509.NewCertPool()
		for _, name := range []string{
			"/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch
			"/etc/pki/tls/certs/ca-bundle.crt",   // Fedora
			"/etc/ssl/ca-bundle.pem",             // SUSE
		} {
			b, err := s.env.Root.ReadFile(ctx, name, 16<<20)
			if notThere(err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("read CA bundle: %w", err)
			}
			pool.AppendCertsFromPEM(b)
			break
		}
		return pool, nil
	})
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
