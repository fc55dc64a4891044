package reports

import (
	"encoding/json"
	"time"
)

// readLink is a line of evidence.jsonl as encoding/json reads it, without its
// time, which proves nothing.
func readLink(line []byte) (l Link, err error) {
	j := jsonText{rest: line}
	j.object(func(key []byte) {
		switch string(key) {
		case "file":
			l.File = j.string()
		case "offset":
			l.Offset = j.int()
		case "bytes":
			l.Bytes = j.int()
		case "sha256":
			l.SHA256 = j.string()
		case "prev":
			l.Prev = j.string()
		case "at":
			j.raw()
		default:
			j.fail()
		}
	})
	if !j.done() {
		l = Link{}
		err = json.Unmarshal(line, &l)
		l.At = time.Time{}
	}
	return l, err
}
