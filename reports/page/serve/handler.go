// Package serve shows pages of runs to a browser on this machine. It only reads.
package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/reports/page"
)

// Bounds of what one page shows.
const (
	runsOnAPage = 40
	runsBefore  = 24 // that a run is seen among
)

// A handler answers requests for pages.
type handler struct {
	source   page.Source
	renderer *page.Renderer
}

// Handler serves the pages of what is in s, to requests for one of hosts alone
// (names or addresses without a port): a page of another site whose name was
// turned to this machine gets nothing.
func Handler(s page.Source, hosts []string) (http.Handler, error) {
	r, err := page.NewRenderer()
	if err != nil {
		return nil, err
	}
	h := &handler{source: s, renderer: r}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.page(h.home))
	mux.HandleFunc("GET /run/{id}", h.page(h.run))
	mux.HandleFunc("GET /run/{id}/attempt/{attempt...}", h.page(h.attempt))
	mux.HandleFunc("GET /compare", h.page(h.compare))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /", h.page(func(context.Context, io.Writer, *http.Request) error { return fs.ErrNotExist }))
	return guard(mux, hosts, r.Policy()), nil
}

// errAsk is a request that cannot be answered as it is.
type errAsk string

func (e errAsk) Error() string { return string(e) }

// page answers with what write writes, or with a page that says why not.
// Nothing is sent before all of it is there.
func (h *handler) page(write func(context.Context, io.Writer, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		var body bytes.Buffer
		status := http.StatusOK
		if err := write(req.Context(), &body, req); err != nil {
			if req.Context().Err() != nil {
				return // nobody waits for it any more
			}
			body.Reset()
			status = h.problem(&body, err)
		}
		send(w, req, status, body.Bytes())
	}
}

// problem writes the page for err and returns its status.
func (h *handler) problem(w io.Writer, err error) int {
	status, title, says := http.StatusInternalServerError, "This cannot be shown", err.Error()
	ask := errAsk("")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		status, title, says = http.StatusNotFound, "Not there", "No such run, attempt or page: it may have been flushed, or not yet imported."
	case errors.As(err, &ask):
		status, title = http.StatusBadRequest, "That cannot be asked"
	}
	if err := h.renderer.Problem(w, title, says); err != nil {
		return http.StatusInternalServerError
	}
	return status
}

func (h *handler) home(ctx context.Context, w io.Writer, req *http.Request) error {
	q := req.URL.Query()
	f := page.Filter{Before: q.Get("before"), Engine: q.Get("engine"), Provider: q.Get("provider"), Limit: runsOnAPage + 1}
	runs, err := h.source.Outlines(ctx, f)
	if err != nil {
		return err
	}
	m := page.Home{Query: page.HomeQuery{Engine: page.Text(f.Engine), Provider: page.Text(f.Provider), Find: page.Text(q.Get("find"))}}
	if len(runs) > runsOnAPage {
		runs = runs[:runsOnAPage]
		m.Older = runs[runsOnAPage-1].RunID
	}
	m.Runs = found(runs, q.Get("find"))
	return h.renderer.Home(w, m)
}

// found leaves of runs the scenarios whose key has find in it.
func found(runs []page.Outline, find string) []page.Outline {
	if find == "" {
		return runs
	}
	var list []page.Outline
	for _, o := range runs {
		var cells []page.Cell
		for _, c := range o.Scenarios {
			if strings.Contains(c.Key, find) {
				cells = append(cells, c)
			}
		}
		if o.Scenarios = cells; len(cells) > 0 {
			list = append(list, o)
		}
	}
	return list
}

func (h *handler) run(ctx context.Context, w io.Writer, req *http.Request) error {
	r, err := h.source.Run(ctx, req.PathValue("id"))
	if err != nil {
		return err
	}
	history, err := h.source.Outlines(ctx, page.Filter{Before: r.Info.RunID, Engine: r.Info.Engine, Provider: r.Info.Provider, Limit: runsBefore})
	if err != nil {
		return err
	}
	q := req.URL.Query()
	return h.renderer.Run(w, page.Report{Run: r, History: history, Source: h.source}, page.Query{Find: page.Text(q.Get("find")), Outcome: page.Text(q.Get("outcome"))})
}

func (h *handler) attempt(ctx context.Context, w io.Writer, req *http.Request) error {
	key, i, err := parseAttempt(req.PathValue("attempt"))
	if err != nil {
		return err
	}
	a, err := h.source.Attempt(ctx, req.PathValue("id"), key, i)
	if err != nil {
		return err
	}
	return h.renderer.Attempt(ctx, w, h.source, a)
}

// parseAttempt reads KEY/iN.
func parseAttempt(name string) (key string, iteration int, err error) {
	at := strings.LastIndex(name, "/i")
	if at <= 0 {
		return "", 0, fmt.Errorf("attempt %q: %w", name, fs.ErrNotExist)
	}
	if iteration, err = strconv.Atoi(name[at+2:]); err != nil {
		return "", 0, fmt.Errorf("attempt %q: %w", name, fs.ErrNotExist)
	}
	return name[:at], iteration, nil
}

func (h *handler) compare(ctx context.Context, w io.Writer, req *http.Request) error {
	q := req.URL.Query()
	var ends [2]page.Outline
	for i, name := range []string{"a", "b"} {
		id := q.Get(name)
		if id == "" {
			return errAsk("Choose two runs: the address is /compare?a=RUN_ID&b=RUN_ID, a before and b after.")
		}
		r, err := h.source.Run(ctx, id)
		if err != nil {
			return err
		}
		ends[i] = page.OutlineOf(r)
	}
	return h.renderer.Compare(w, ends[0], ends[1])
}
