package serve_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/page/serve"
)

func newServer(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	h, err := serve.Handler(page.RunDirs{Dir: dir}, []string{"127.0.0.1", "localhost"})
	require.NoError(t, err)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// An answer is what a server said.
type answer struct {
	StatusCode int
	Header     http.Header
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, method, url string, change func(*http.Request)) (answer, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header}, string(b)
}

func TestPages(t *testing.T) {
	t.Parallel()
	dir, ids := runs(t)
	s := newServer(t, dir)
	for name, c := range map[string]struct {
		path   string
		status int
		says   []string
	}{
		"overview":                {"/", 200, []string{"33 % passed", ids[0], ids[1], "4 scored of 4 attempted", "3 scored of 4 attempted"}},
		"overview of one engine":  {"/?engine=other", 200, []string{"No runs"}},
		"overview of one group":   {"/?find=disk/", 200, []string{"disk/001-full"}},
		"older runs":              {"/?before=" + ids[1], 200, []string{ids[0]}},
		"run":                     {"/run/" + ids[1], 200, []string{"3 of 4 attempts did not pass", "Since the last run", "newly failing", "Use of the machine"}},
		"run, failed alone":       {"/run/" + ids[1] + "?outcome=failed", 200, []string{`data-outcome="failed"`}},
		"attempt":                 {"/run/" + ids[1] + "/attempt/disk/001-full/i1", 200, []string{"Ticket", "Timeline", "Commands", "self-reported", "What changed on the machine", `\x1b[31m`}},
		"comparison":              {"/compare?a=" + ids[0] + "&b=" + ids[1], 200, []string{"newly failing", "2 worse"}},
		"comparison with nothing": {"/compare?a=" + ids[0], 400, []string{"Choose two runs"}},
		"no such run":             {"/run/20200101T000000Z-000000", 404, []string{"Not there"}},
		"no such attempt":         {"/run/" + ids[1] + "/attempt/disk/001-full/i2", 404, []string{"Not there"}},
		"a path and no run":       {"/run/..%2f..%2fetc", 404, []string{"Not there"}},
		"no such page":            {"/nosuch", 404, []string{"Not there"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := ask(t, http.MethodGet, s.URL+c.path, nil)
			assert.Equal(t, c.status, resp.StatusCode)
			for _, want := range c.says {
				assert.True(t, strings.Contains(body, want), want)
			}
			assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
			assert.False(t, strings.Contains(body, "<img"))
		})
	}
	_, body := ask(t, http.MethodGet, s.URL+"/run/"+ids[1]+"?outcome=failed", nil)
	assert.False(t, strings.Contains(body, `data-outcome="unsafe"`), "the address chooses")
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	dir, _ := runs(t)
	s := newServer(t, dir)
	resp, _ := ask(t, http.MethodGet, s.URL, func(r *http.Request) { r.Host = "rebound.example:80" })
	assert.Equal(t, http.StatusMisdirectedRequest, resp.StatusCode, "a name that was turned to this machine")
	resp, _ = ask(t, http.MethodGet, s.URL, func(r *http.Request) { r.Host = "LOCALHOST:1" })
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	resp, _ = ask(t, http.MethodPost, s.URL, nil)
	assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	resp, body := ask(t, http.MethodHead, s.URL, nil)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Empty(t, body)
}

func TestAPageIsSentOnce(t *testing.T) {
	t.Parallel()
	dir, _ := runs(t)
	s := newServer(t, dir)
	first, plain := ask(t, http.MethodGet, s.URL, func(r *http.Request) { r.Header.Set("Accept-Encoding", "identity") })
	tag := first.Header.Get("ETag")
	require.NotEmpty(t, tag)
	again, body := ask(t, http.MethodGet, s.URL, func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
	assert.Equal(t, http.StatusNotModified, again.StatusCode)
	assert.Empty(t, body)
	packed, body := ask(t, http.MethodGet, s.URL, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	assert.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(strings.NewReader(body))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(z)
	require.NoError(t, err)
	assert.Equal(t, plain, string(unpacked))
	assert.Less(t, len(body), len(plain)/2)
}

func TestServeEnds(t *testing.T) {
	t.Parallel()
	dir, _ := runs(t)
	ctx, cancel := context.WithCancel(t.Context())
	l, err := serve.Listen(ctx, "127.0.0.1:0")
	require.NoError(t, err)
	_, err = serve.Listen(ctx, l.Addr().String())
	require.ErrorContains(t, err, "choose another with --listen")
	ended := make(chan error, 1)
	go func() { ended <- serve.Serve(ctx, l, page.RunDirs{Dir: dir}, serve.Hosts(l)) }()
	resp, _ := ask(t, http.MethodGet, "http://"+l.Addr().String()+"/", nil)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the server did not end")
	}
}
