package serve

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// guard lets nothing through but GET and HEAD for one of hosts, and says on
// every answer what a page may do.
func guard(next http.Handler, hosts []string, policy string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cache-Control", "no-cache")
		switch {
		case !slices.Contains(hosts, hostOf(req.Host)):
			http.Error(w, "this server answers to "+strings.Join(hosts, ", ")+" alone", http.StatusMisdirectedRequest)
		case req.Method != http.MethodGet && req.Method != http.MethodHead:
			head.Set("Allow", "GET, HEAD")
			http.Error(w, "this server only shows pages", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(w, req)
		}
	})
}

// hostOf is the Host of a request without its port, in lower case.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// send sends a page, or word that the browser has it already.
func send(w http.ResponseWriter, req *http.Request, status int, body []byte) {
	sum := sha256.Sum256(body)
	tag := `W/"` + hex.EncodeToString(sum[:12]) + `"`
	head := w.Header()
	head.Set("ETag", tag)
	head.Set("Vary", "Accept-Encoding")
	if status == http.StatusOK && slices.Contains(strings.Split(req.Header.Get("If-None-Match"), ", "), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Type", "text/html; charset=utf-8")
	if strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
		head.Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if req.Method != http.MethodHead {
		_, _ = w.Write(body) // who went away needs no page
	}
}

// zipped is body compressed, as fast as can be: it goes no further than this machine.
func zipped(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = z.Write(body)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // the level is known, and a buffer takes everything
	}
	return b.Bytes()
}
