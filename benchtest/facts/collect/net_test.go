//go:build linux

package collect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// An authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: testNow().Add(-time.Hour), NotAfter: testNow().AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{cert, key}
}

// issue makes a certificate for 127.0.0.1 and web.test.
func (a *authority) issue(t *testing.T, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "web", Organization: []string{"Test"}},
		NotBefore: testNow().Add(-time.Hour), NotAfter: until,
		DNSNames: []string{"web.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func pemOf(der ...[]byte) string {
	var b strings.Builder
	for _, d := range der {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d}))
	}
	return b.String()
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	good := ca.issue(t, testNow().Add(90*24*time.Hour+time.Minute))
	expired := ca.issue(t, testNow().Add(-time.Minute))
	foreign := other.issue(t, testNow().AddDate(1, 0, 0))
	e := testEnv(t, map[string]string{
		"etc/ssl/certs/ca-certificates.crt": pemOf(ca.cert.Raw),
		"good.pem":                          "text before\n" + pemOf(good.Certificate[0]),
		"expired.pem":                       pemOf(expired.Certificate[0]),
		"foreign.pem":                       pemOf(foreign.Certificate[0], other.cert.Raw),
		"garbage.pem":                       pemOf([]byte("no der")),
		"key.pem":                           "no pem at all",
	}, nil)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	address := "tls://" + server.Listener.Addr().String()

	tests := []struct {
		name, subject, host string
		chain               bool
		days                any
	}{
		{"good", "/good.pem", "", true, 90.0},
		{"good, for its name", "/good.pem", "web.test", true, 90.0},
		{"good, for another name", "/good.pem", "mail.test", false, 90.0},
		{"expired", "/expired.pem", "", false, -1.0},
		{"not trusted, though it brings its own root", "/foreign.pem", "", false, 365.0},
		{"not there", "/nope.pem", "", false, nil},
		{"garbage", "/garbage.pem", "", false, nil},
		{"no certificate", "/key.pem", "", false, nil},
		{"server", address, "", true, 90.0},
		{"server, for another name", address, "mail.test", false, 90.0},
		{"nobody there", "tls://127.0.0.1:1", "", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := attrsOf(t, e, facts.Query{
				Noun: facts.NounCertificate, Subject: tt.subject, Params: map[string]any{"host": tt.host},
			})
			assert.Equal(t, tt.chain, got["chain"])
			assert.Equal(t, tt.days, got["days-left"])
			if tt.days != nil {
				assert.Equal(t, "CN=web,O=Test", got["subject"])
				assert.Equal(t, list("127.0.0.1", "web.test"), got["san"])
			}
		})
	}
}

// site is a server whose answers show what it was asked.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Header.Get("X-Asked"))
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.Host, body)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 100)) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(site())
	t.Cleanup(server.Close)
	e := testEnv(t, map[string]string{}, nil)
	host := server.Listener.Addr().String()
	tests := []struct {
		name, path string
		params     map[string]any
		status     float64
		body       string
	}{
		{"plain", "/", nil, 200, "GET " + host + " "},
		{
			"everything",
			"/",
			map[string]any{"method": "post", "body": "b", "host": "web.test", "headers": map[string]any{"X-Asked": "yes"}},
			200, "POST web.test b",
		},
		{"redirect followed", "/moved", nil, 200, "GET " + host + " "},
		{"redirect not followed", "/moved", map[string]any{"no-follow": true}, 302, "<a href=\"/new\">Found</a>.\n\n"},
		{"no answer in time", "/slow", map[string]any{"timeout": "50ms"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := attrsOf(t, e, facts.Query{Noun: facts.NounHTTP, Subject: server.URL + tt.path, Params: tt.params})
			assert.InDelta(t, tt.status, got["status"], 0)
			assert.Equal(t, tt.body, got["body"])
			assert.Nil(t, got["certificate"])
			if tt.params["headers"] != nil {
				assert.Contains(t, got["headers"], "X-Seen: yes")
			}
			if tt.status > 0 {
				assert.Greater(t, got["latency"], 0.0)
			}
		})
	}
	refused := attrsOf(t, e, facts.Query{Noun: facts.NounHTTP, Subject: "http://127.0.0.1:1/"})
	assert.InDelta(t, 0.0, refused["status"], 0)
	assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounHTTP, Subject: "ftp://x/"}).Error)
	assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounHTTP, Subject: "http://x/", Params: map[string]any{"timeout": "soon"}}).Error)

	fact := Run(t.Context(), e, facts.Request{
		MaxBytes: 10, Queries: []facts.Query{{Noun: facts.NounHTTP, Subject: server.URL + "/long"}},
	}).Facts[0]
	assert.Equal(t, strings.Repeat("x", 10), fact.Attrs["body"])
	assert.True(t, fact.Truncated)
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(site())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, testNow().AddDate(0, 0, 30))}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	// A server that sends whoever comes in the clear to the other.
	plain := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusFound))
	t.Cleanup(plain.Close)
	trusting := testEnv(t, map[string]string{"etc/ssl/certs/ca-certificates.crt": pemOf(ca.cert.Raw)}, nil)
	doubting := testEnv(t, map[string]string{}, nil)
	certificate := map[string]any{
		"subject": "CN=web,O=Test", "issuer": "CN=Test CA", "san": list("127.0.0.1", "web.test"), "days-left": 30.0,
	}
	tests := []struct {
		name   string
		env    *Env
		url    string
		params map[string]any
		status float64
	}{
		{"trusted", trusting, server.URL, nil, 200},
		{"trusted, after a redirect", trusting, plain.URL, nil, 200},
		{"trusted for its other name", trusting, server.URL, map[string]any{"host": "web.test"}, 200},
		{"not for that name", trusting, server.URL, map[string]any{"host": "mail.test"}, 0},
		{"unknown authority", doubting, server.URL, nil, 0},
		{"unknown authority, insecure", doubting, server.URL, map[string]any{"insecure": true}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fact := askOne(t, tt.env, facts.Query{Noun: facts.NounHTTP, Subject: tt.url, Params: tt.params})
			require.Empty(t, fact.Error)
			assert.InDelta(t, tt.status, fact.Attrs["status"], 0, fact.Raw)
			assert.Equal(t, certificate, fact.Attrs["certificate"], "seen even when it is refused")
		})
	}
}

func TestAddr(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	e := testEnv(t, nil, nil)
	assert.Equal(t, true, attrsOf(t, e, facts.Query{Noun: facts.NounAddr, Subject: "tcp://" + l.Addr().String()})["reachable"])
	l.Close()
	assert.Equal(t, false, attrsOf(t, e, facts.Query{Noun: facts.NounAddr, Subject: "tcp://" + l.Addr().String()})["reachable"])
	for _, bad := range []string{"127.0.0.1:80", "http://x:80", "tcp://x"} {
		assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounAddr, Subject: bad}).Error, bad)
	}
}

func TestDNS(t *testing.T) {
	t.Parallel()
	e := testEnv(t, nil, nil)
	assert.Equal(t, map[string]any{"resolvable": true, "addrs": list("127.0.0.1")},
		attrsOf(t, e, facts.Query{Noun: facts.NounDNS, Subject: "127.0.0.1"}))
	// A server that is not there: nothing resolves.
	got := attrsOf(t, e, facts.Query{
		Noun: facts.NounDNS, Subject: "nope.test", Params: map[string]any{"server": "127.0.0.1:1", "timeout": "1s"},
	})
	assert.Equal(t, map[string]any{"resolvable": false, "addrs": list()}, got)
}
