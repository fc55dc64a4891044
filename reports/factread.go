package reports

import (
	"encoding/json"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// readFact is a fact as encoding/json reads it. long is that of the fact before.
func readFact(text []byte, long *longText) (f facts.Fact, err error) {
	j := jsonText{rest: text, long: long}
	j.object(func(key []byte) {
		switch string(key) {
		case "query":
			j.query(&f.Query)
		case "grade":
			f.Grade = facts.Grade(j.string())
		case "attrs":
			f.Attrs = j.members(0)
		case "raw":
			f.Raw = j.string()
		case "error":
			f.Error = j.string()
		case "truncated":
			f.Truncated = j.bool()
		default:
			j.fail()
		}
	})
	if !j.done() {
		f = facts.Fact{}
		err = json.Unmarshal(text, &f)
	}
	return f, err
}

func (j *jsonText) query(q *facts.Query) {
	j.object(func(key []byte) {
		switch string(key) {
		case "noun":
			q.Noun = j.string()
		case "subject":
			q.Subject = j.string()
		case "as":
			q.As = j.string()
		case "params":
			q.Params = j.members(0)
		default:
			j.fail()
		}
	})
}
