// Package oteltest is a collector for tests: a server that speaks OTLP over HTTP
// and decodes what it gets by OpenTelemetry's own schema, as real ones do.
package oteltest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A Receiver keeps what is sent to it, as an http.Handler. The zero value is
// ready, and may be used concurrently.
type Receiver struct {
	mu       sync.Mutex
	requests []Request
}

// A Request is one that was accepted.
type Request struct {
	Path     string
	Header   http.Header
	Body     []byte // as protobuf, decompressed
	Resource map[string]string
	Spans    []*tracepb.Span
}

// ServeHTTP takes one request.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := plainBody(req)
	var export collectorpb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &export)
	}
	if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "no protobuf", http.StatusBadRequest)
		return
	}
	got := Request{Path: req.URL.Path, Header: req.Header, Body: body}
	for _, of := range export.ResourceSpans {
		got.Resource = Attributes(of.Resource.GetAttributes())
		for _, scope := range of.ScopeSpans {
			got.Spans = append(got.Spans, scope.Spans...)
		}
	}
	r.mu.Lock()
	r.requests = append(r.requests, got)
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty answer: all was taken
}

func plainBody(req *http.Request) ([]byte, error) {
	if req.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(req.Body)
	}
	z, err := gzip.NewReader(req.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// Requests are those so far.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Spans are those of all requests.
func (r *Receiver) Spans() []*tracepb.Span {
	var list []*tracepb.Span
	for _, req := range r.Requests() {
		list = append(list, req.Spans...)
	}
	return list
}

// Attributes are attributes as text; the elements of a list are joined by commas.
func Attributes(list []*commonpb.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		m[a.Key] = text(a.Value)
	}
	return m
}

func text(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *commonpb.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case *commonpb.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *commonpb.AnyValue_ArrayValue:
		var all []string
		for _, x := range v.ArrayValue.GetValues() {
			all = append(all, text(x))
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprintf("%T", v.GetValue())
}
