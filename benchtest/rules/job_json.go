package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Bounds of a job record. An engine writes it, so nothing about it is trusted.
const (
	MaxJobBytes  = 16 << 20
	maxJobDepth  = 32
	maxJobValues = 1 << 18
)

// ParseJob reads a job record that an engine left. The error names the field
// that is wrong; unknown fields are kept in Rest. What is empty is no record,
// and an error. Every command in it is self-reported, whatever it says of
// itself: only we can call a command observed. A record of our own is read with
// encoding/json.
func ParseJob(b []byte) (Job, error) {
	if len(b) > MaxJobBytes {
		return Job{}, fmt.Errorf("read job record: %d bytes, at most %d are allowed", len(b), MaxJobBytes)
	}
	switch depth, values := facts.JSONSize(b); {
	case depth > maxJobDepth:
		return Job{}, fmt.Errorf("read job record: deeper than %d levels", maxJobDepth)
	case values > maxJobValues:
		return Job{}, fmt.Errorf("read job record: %d values, at most %d are allowed", values, maxJobValues)
	}
	var j Job
	if err := json.Unmarshal(b, &j); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return Job{}, fmt.Errorf("read job record: %s: want %s, got %s", fieldName(te), jsonKind(te.Type), te.Value)
		}
		return Job{}, fmt.Errorf("read job record: %w", err)
	}
	for _, t := range j.Tasks {
		for i := range t.Commands {
			t.Commands[i].Evidence = SelfReported
		}
	}
	return j, nil
}

func fieldName(te *json.UnmarshalTypeError) string {
	if te.Field == "" {
		return "the whole"
	}
	return te.Field
}

// jsonKind names a Go type in JSON's words.
func jsonKind(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// jobFields is a Job without its methods.
type jobFields Job

// UnmarshalJSON keeps unknown fields in Rest and reads no_tasks_created, as
// older 2501 engines say, as no_action.
func (j *Job) UnmarshalJSON(b []byte) error {
	var f jobFields
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f.Resolution != "" {
		r, known := parseResolution(string(f.Resolution))
		if !known {
			return fmt.Errorf("resolution: %s", unknown("resolution", string(f.Resolution), resolutionNames()))
		}
		f.Resolution = r
	}
	rest, err := unknownFields(b, reflect.TypeFor[Job]())
	if err != nil {
		return err
	}
	f.Rest = rest
	*j = Job(f)
	return nil
}

// MarshalJSON writes the unknown fields beside the known ones.
func (j Job) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(jobFields(j))
	if err != nil || len(j.Rest) == 0 {
		return b, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	for name, raw := range j.Rest {
		if _, known := all[name]; !known {
			all[name] = raw
		}
	}
	return json.Marshal(all)
}

// unknownFields returns the members of the object b that t has no field for.
// encoding/json takes field names in any case, so that is how they are known.
func unknownFields(b []byte, t reflect.Type) (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	for name := range all {
		for f := range t.Fields() {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if strings.EqualFold(tag, name) {
				delete(all, name)
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}
