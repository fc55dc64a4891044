package otel_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/reports/otel"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	const endpoint, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
		says string // the error; empty: none
	}{
		"nothing is set":         {nil, false, ""},
		"an endpoint":            {map[string]string{endpoint: "http://localhost:4318"}, true, ""},
		"one for traces":         {map[string]string{traces: "https://user:pass@example.com/v1/traces"}, true, ""},
		"an empty one":           {map[string]string{endpoint: ""}, false, ""},
		"disabled":               {map[string]string{endpoint: "http://localhost:4318", "OTEL_SDK_DISABLED": "TRUE"}, false, ""},
		"not disabled":           {map[string]string{endpoint: "http://localhost:4318", "OTEL_SDK_DISABLED": "false"}, true, ""},
		"no exporter":            {map[string]string{endpoint: "http://localhost:4318", "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		"disabled, and wrong":    {map[string]string{endpoint: "localhost:4317", "OTEL_SDK_DISABLED": "true"}, false, ""},
		"the protocol":           {map[string]string{endpoint: "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true, ""},
		"grpc":                   {map[string]string{endpoint: "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc: spans go by http/protobuf alone: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf and an endpoint that speaks it (mostly port 4318), or OTEL_SDK_DISABLED=true"},
		"grpc for other signals": {map[string]string{endpoint: "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, true, ""},
		"JSON":                   {map[string]string{endpoint: "http://localhost:4318", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, false, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json: spans go by"},
		"no scheme":              {map[string]string{endpoint: "localhost:4318"}, false, endpoint + ": want a URL such as http://localhost:4318"},
		"no URL":                 {map[string]string{traces: "http://user:hunter22@%zz"}, false, traces + ": want a URL such as http://localhost:4318"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := otel.Wanted(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			assert.Equal(t, c.want, got)
			if c.says == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "hunter22")
		})
	}
}

func TestSecretsAreTheHeaders(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS":        "Authorization=Bearer%20One-Key,X-Api-Key= two-key , broken,x-tenant=benchtest",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "token=%zz-key",
	}
	assert.Equal(t, []string{"One-Key", "two-key", "%zz-key"}, otel.Secrets(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
	assert.Empty(t, otel.Secrets(func(string) (string, bool) { return "", false }))
}
