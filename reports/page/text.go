package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/benchtest-dev/benchtest/reports"
)

// Text is what somebody else wrote. Templates show it with everything written
// out that is invisible or deceives: ESC, NUL, marks that turn text round,
// bytes that are no UTF-8. Models of pages have no strings of another type.
type Text string

// String is what a page shows of t.
func (t Text) String() string { return reports.Visible(string(t)) }

// A Cut is a text of which only a part is shown.
type Cut struct {
	Text    Text
	Skipped int64 // bytes that are not shown
}

// String is what a page shows of c.
func (c Cut) String() string {
	if c.Skipped == 0 {
		return c.Text.String()
	}
	return c.Text.String() + " … " + string(count(c.Skipped)) + " more bytes in the evidence"
}

// head keeps the first limit bytes of s, at a rune's edge.
func head(s string, limit int) Cut {
	if len(s) <= limit {
		return Cut{Text: Text(s)}
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return Cut{Text: Text(s[:limit]), Skipped: int64(len(s) - limit)}
}

// line is s as one line of at most limit bytes.
func line(s string, limit int) Text {
	c := head(strings.Join(strings.Fields(s), " "), limit)
	if c.Skipped > 0 {
		return c.Text + "…"
	}
	return c.Text
}

// percent writes a share as people read it: 7 %, 99.5 % near the ends.
func percent(share float64) Text {
	v := share * 100
	if v > 0 && v < 1 || v > 99 && v < 100 {
		return Text(fmt.Sprintf("%.1f %%", v))
	}
	return Text(fmt.Sprintf("%.0f %%", v))
}

// points writes a difference of two shares, in percentage points.
func points(change float64) Text {
	return Text(strings.Replace(fmt.Sprintf("%+.0f", change*100), "-", "−", 1))
}

// clock writes a duration; zero is "-".
func clock(d time.Duration) Text { return Text(reports.Human(d)) }

// moment writes a time of day with its date, in UTC.
func moment(t time.Time) Text {
	if t.IsZero() {
		return ""
	}
	return Text(t.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// count writes a number with its thousands set apart.
func count(n int64) Text {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return Text(s)
}

// money writes a cost in US dollars; zero, which is not reported, is empty.
func money(usd float64) Text {
	switch {
	case usd == 0:
		return ""
	case usd < 0.1:
		return Text(fmt.Sprintf("$%.4f", usd))
	}
	return Text(fmt.Sprintf("$%.2f", usd))
}

// plural is n with the word for it.
func plural(n int, one, many string) Text {
	if n == 1 {
		return Text("1 " + one)
	}
	return count(int64(n)) + Text(" "+many)
}

// A coord is a place in a drawing, with as few digits as do.
type coord float64

// String is how a drawing says c.
func (c coord) String() string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(c), 'f', 1, 64), ".0")
}
