package page

import (
	"encoding/hex"
	"net/url"
	"strconv"

	"github.com/benchtest-dev/benchtest/reports"
)

// Links says where pages are. The zero value is for the one file that has them all.
type Links struct {
	// Served: each run and attempt has a page of its own.
	Served bool
}

// attempt is where one attempt is shown.
func (l Links) attempt(runID, key string, iteration int) Text {
	if l.Served {
		return Text("/run/" + url.PathEscape(runID) + "/attempt/" + (&url.URL{Path: key}).EscapedPath() + "/i" + strconv.Itoa(iteration))
	}
	return "#" + anchor(key, iteration)
}

// run is where a run is shown; nowhere from a file.
func (l Links) run(id string) Text {
	if !l.Served {
		return ""
	}
	return Text("/run/" + url.PathEscape(id))
}

// anchor is the place of one attempt in the file. Whatever a key holds, it is
// of letters, digits and dashes.
func anchor(key string, iteration int) Text {
	safe := make([]byte, 0, len(key))
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			safe = append(safe, c)
		case c == '/':
			safe = append(safe, "--"...)
		default:
			safe = append(append(safe, '_'), hex.EncodeToString([]byte{c})...)
		}
	}
	return Text("a-" + string(safe) + "-i" + strconv.Itoa(iteration))
}

// named is how an attempt is called: by its key, and its number where its
// scenario was attempted more than once.
func named(a reports.Attempt, repeated map[string]bool) Text {
	if repeated[a.Key] {
		return Text(a.Key + "/i" + strconv.Itoa(a.Iteration))
	}
	return Text(a.Key)
}

// repeats are the keys of scenarios that were attempted more than once.
func repeats(attempts []reports.Attempt) map[string]bool {
	seen, keys := map[string]bool{}, map[string]bool{}
	for _, a := range attempts {
		if seen[a.Key] {
			keys[a.Key] = true
		}
		seen[a.Key] = true
	}
	return keys
}
