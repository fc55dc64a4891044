// Package otel sends a run as one trace to an OpenTelemetry collector: a span
// for the run, one for each attempt, and one for each phase of that. The
// environment variables that OpenTelemetry has for it say where to, and are read
// by its own library.
package otel

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The variables that are looked at here; the library reads these and others.
const (
	endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint   = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	protocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL"
	tracesProtocol   = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	headersVariable  = "OTEL_EXPORTER_OTLP_HEADERS"
	tracesHeaders    = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
	disabledVariable = "OTEL_SDK_DISABLED"
	exporterVariable = "OTEL_TRACES_EXPORTER"
)

// protocol is the one that is spoken. The other one, grpc, would say the same.
const protocol = "http/protobuf"

// Wanted reports whether the environment names a collector and does not switch
// spans off. What it says wrong is an error that names the variable.
func Wanted(lookup func(string) (string, bool)) (bool, error) {
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if value, _ := lookup(name); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	name, endpoint := first(tracesEndpoint, endpointVariable)
	_, disabled := first(disabledVariable)
	_, exporter := first(exporterVariable)
	if endpoint == "" || strings.EqualFold(disabled, "true") || exporter == "none" {
		return false, nil
	}
	// The text may hold a password and is not repeated.
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false, fmt.Errorf("%s: want a URL such as http://localhost:4318", name)
	}
	if name, value := first(tracesProtocol, protocolVariable); value != "" && value != protocol {
		return false, fmt.Errorf("%s=%s: spans go by %s alone: set %s=%s and an endpoint that speaks it (mostly port 4318), or %s=true",
			name, value, protocol, tracesProtocol, protocol, disabledVariable)
	}
	return true, nil
}

// keyHeaders stand in the names of headers that hold keys. Others, such as the
// name of a tenant, may be words that reports are full of.
var keyHeaders = []string{"auth", "key", "token", "secret", "password", "cookie"}

// Secrets are the keys among the headers that the environment has for the
// collector.
func Secrets(lookup func(string) (string, bool)) []string {
	var list []string
	for _, name := range []string{headersVariable, tracesHeaders} {
		text, _ := lookup(name)
		for header := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(header, "=")
			if !slices.ContainsFunc(keyHeaders, func(word string) bool { return strings.Contains(strings.ToLower(name), word) }) {
				continue
			}
			plain, err := url.PathUnescape(value)
			if err != nil {
				plain = value
			}
			if words := strings.Fields(plain); len(words) > 0 {
				list = append(list, words[len(words)-1]) // "Bearer KEY"
			}
		}
	}
	return list
}

// errPartly says what a run that is over tells of a collector.
var errPartly = errors.New("the collector has not all spans of the run")
