package scenario

import (
	"encoding/json"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Schema is the JSON Schema (2020-12) of a scenario file, for editors. Load is
// stricter: a schema cannot say that an agent's host exists. The bytes are the
// same each time.
func Schema() ([]byte, error) {
	schema := map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "benchtest scenario",
		"description":          "One operations scenario: what is broken, the ticket, and what must hold afterwards.",
		"type":                 "object",
		"additionalProperties": false,
		"anyOf": []any{
			map[string]any{"required": []string{"title", "ticket_title", "ticket_body"}},
			map[string]any{"required": []string{"name", "description"}},
		},
		"properties": properties(),
		"$defs": map[string]any{
			"state":      rules.StateSchema(),
			"compliance": rules.ComplianceSchema(),
			"duration":   describe("A time above zero with its unit, such as 90s or 2m.", "string", "pattern", `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`),
		},
	}
	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(b, '\n'), nil
}

func properties() map[string]any {
	duration := ref("duration")
	compliance := list("", ref("compliance"))
	allowed := list("Older 2501 field.", map[string]any{"type": "string"})
	return map[string]any{
		"key":           describe("Unique name, GROUP/NAME; the path below the root by default.", "string", "pattern", `^([a-z][a-z0-9_]*/)?[a-z0-9-]+$`),
		"title":         describe("Names the scenario in reports.", "string"),
		"description":   describe("Internal note; the engine never sees it.", "string"),
		"ticket_title":  describe("The headline of the ask.", "string"),
		"ticket_body":   describe("The ask: symptoms, never the fix. {{schedule_time}} becomes now + 5 minutes.", "string"),
		"tags":          list("Words that select the scenario.", map[string]any{"type": "string", "pattern": tagPattern.String()}),
		"hosts":         list("The machines; one called "+DefaultHostName+" of "+DefaultTemplate+" by default.", fields("", texted("host_id", "host_name", "template"))),
		"agents":        list("Whom the ticket is for.", fields("", texted("agent_id", "agent_name", "host_name", "host_id", "specialty_key"))),
		"timeouts":      fields("Limits of one attempt.", map[string]any{"ready": duration, "prepare": duration, "engine": duration, "hold": duration, "release": duration}),
		"expect":        describe("What the right end is.", "string", "enum", []string{string(ExpectFixed), string(ExpectNoAction)}, "default", string(ExpectFixed)),
		"network":       describe("What the machines reach: each other, or everything.", "string", "enum", []string{"none", "open"}, "default", "none"),
		"integrity":     required(fields("Switches the implicit rule about package files off, with the reason.", map[string]any{"off": describe("Why.", "string", "minLength", 1)}), "off"),
		"state":         list("Is it fixed?", ref("state")),
		"validation":    fields("Was it fixed the allowed way?", map[string]any{"gateway": compliance, "job": compliance, "tasks": compliance, "allowedAgents": allowed, "allowedHosts": allowed}),
		"name":          describe("Older 2501 field: the title.", "string", "deprecated", true),
		"allowedAgents": allowed,
		"allowedHosts":  allowed,
	}
}

// describe is a schema of one type, with more keywords in pairs.
func describe(text, kind string, more ...any) map[string]any {
	m := map[string]any{"type": kind}
	if text != "" {
		m["description"] = text
	}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

func list(text string, items map[string]any) map[string]any {
	return describe(text, "array", "items", items)
}

func fields(text string, properties map[string]any) map[string]any {
	return describe(text, "object", "additionalProperties", false, "properties", properties)
}

func required(schema map[string]any, names ...string) map[string]any {
	schema["required"] = names
	return schema
}

func texted(names ...string) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		m[name] = map[string]any{"type": "string"}
	}
	return m
}

func ref(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }
