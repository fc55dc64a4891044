//go:build linux

package collect

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A caBundle maps the subjects of the certificates that the machine trusts to
// their DER. Parsing all of them would take longer than everything else that
// is asked, and a chain needs one.
type caBundle map[string][][]byte

// readBundle reads the machine's CA bundle; one that is not there trusts
// nobody.
func (s *session) readBundle(ctx context.Context) (caBundle, error) {
	return s.bundle.get(func() (caBundle, error) {
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
			return parseBundle(b), nil
		}
		return caBundle{}, nil
	})
}

func parseBundle(b []byte) caBundle {
	bundle := caBundle{}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if subject, ok := rawSubject(block.Bytes); ok {
			bundle[string(subject)] = append(bundle[string(subject)], block.Bytes)
		}
	}
	return bundle
}

// rawSubject finds the subject of a certificate (RFC 5280, 4.1) without
// looking at the rest.
func rawSubject(der []byte) ([]byte, bool) {
	input := cryptobyte.String(der)
	var certificate, tbs, subject cryptobyte.String
	ok := input.ReadASN1(&certificate, asn1.SEQUENCE) &&
		certificate.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && // signature
		tbs.SkipASN1(asn1.SEQUENCE) && // issuer
		tbs.SkipASN1(asn1.SEQUENCE) && // validity
		tbs.ReadASN1Element(&subject, asn1.SEQUENCE)
	return subject, ok
}

// verify verifies certs[0] with the help of the others. An empty host is not
// verified.
func (c caBundle) verify(certs []*x509.Certificate, host string, now time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for i, cert := range certs {
		if i > 0 {
			between.AddCert(cert)
		}
		// What signed one of these is all that a chain can end with.
		for _, der := range slices.Concat(c[string(cert.RawIssuer)], c[string(cert.RawSubject)]) {
			if root, err := x509.ParseCertificate(der); err == nil {
				roots.AddCert(root)
			}
		}
	}
	_, err := certs[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: now})
	return err
}
