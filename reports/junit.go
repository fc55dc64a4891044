package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The elements of a JUnit file, in the dialect that CI servers share.
type (
	junitFile struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitTotals
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Timestamp  string       `xml:"timestamp,attr,omitempty"`
		Hostname   string       `xml:"hostname,attr,omitempty"`
		Properties *junitProps  `xml:"properties"`
		Cases      []*junitCase `xml:"testcase"`
	}
	junitCounts struct {
		junitTotals
		Skipped int `xml:"skipped,attr"`
	}
	// junitTotals are what the whole file may count.
	junitTotals struct {
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     junitSeconds `xml:"time,attr"`
	}
	junitCase struct {
		Class      string       `xml:"classname,attr"`
		Name       string       `xml:"name,attr"`
		Time       junitSeconds `xml:"time,attr"`
		Properties *junitProps  `xml:"properties"`
		Failure    *junitEnd    `xml:"failure"`
		Error      *junitEnd    `xml:"error"`
		Skipped    *junitEnd    `xml:"skipped"`
		// What Surefire calls reruns.
		RerunFailures []*junitRerun `xml:"rerunFailure"`
		RerunErrors   []*junitRerun `xml:"rerunError"`
		FlakyFailures []*junitRerun `xml:"flakyFailure"`
		FlakyErrors   []*junitRerun `xml:"flakyError"`
		Out           junitText     `xml:"system-out,omitempty"`
	}
	junitRerun struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
	}
	junitEnd struct {
		Type    string    `xml:"type,attr,omitempty"`
		Message string    `xml:"message,attr"`
		Text    junitText `xml:",chardata"`
	}
	junitText  string
	junitProps struct {
		List []junitProp `xml:"property"`
	}
	junitProp struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitSeconds time.Duration
)

// MarshalXMLAttr writes seconds with three decimals, as JUnit readers expect.
func (s junitSeconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.3f", time.Duration(s).Seconds())}, nil
}

// MarshalXML writes the text with its line breaks as they are, which Marshal
// itself would write as &#xA;.
func (t junitText) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	for _, token := range []xml.Token{start, xml.CharData(t), start.End()} {
		if err := e.EncodeToken(token); err != nil {
			return err
		}
	}
	return nil
}

// MarshalXML writes the attributes that are set, and the text as above.
func (end junitEnd) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if end.Type != "" {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "type"}, Value: end.Type})
	}
	start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "message"}, Value: end.Message})
	return end.Text.MarshalXML(e, start)
}

// Bounds of the texts in one test case, in bytes.
const (
	maxJUnitText    = 64 << 10
	maxJUnitMessage = 1 << 10
)

// WriteJUnit writes a JUnit file: a test suite a group, a test case an attempt and
// one each of its rules. The time of an attempt is without queueing; that of rules
// is none, since they are its part. What it holds is legal XML 1.0 whatever a guest printed.
// With a gate (info.Gate) an attempt that did not pass is shown as skipped,
// as it is to go test, and the gate is a case of its own (info.GateVerdict). The order of attempts is kept within a group.
func WriteJUnit(w io.Writer, attempts []Attempt, info RunInfo) error {
	file := junitFile{Name: "benchtest"}
	several := repeated(attempts)
	var cases []*junitCase    // of attempts
	index := map[string]int{} // group → its suite
	for _, a := range attempts {
		group, name := splitKey(a.Key)
		if several[a.Key] {
			name = fmt.Sprintf("%s/i%d", name, a.Iteration)
		}
		at, ok := index[group]
		if !ok {
			at = len(file.Suites)
			index[group] = at
			file.Suites = append(file.Suites, newJUnitSuite(group, a, info))
		}
		s := &file.Suites[at]
		c := newJUnitCase(group, name, a, info)
		cases = append(cases, c)
		for _, c := range append([]*junitCase{c}, ruleCases(group, name, a, info.Gate)...) {
			s.Cases = append(s.Cases, c)
			s.add(c)
			file.add(c)
		}
	}
	rerunCases(attempts, cases)
	if info.GateVerdict != nil {
		s := gateSuite(info)
		file.Suites = append(file.Suites, s)
		file.add(s.Cases[0])
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(file); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	return nil
}

func (n *junitCounts) add(c *junitCase) {
	n.junitTotals.add(c)
	if c.Skipped != nil {
		n.Skipped++
	}
}

func (n *junitTotals) add(c *junitCase) {
	n.Tests++
	n.Time += c.Time
	switch {
	case c.Failure != nil:
		n.Failures++
	case c.Error != nil:
		n.Errors++
	}
}

// gateSuite holds the one case that fails when the gate does: every attempt that
// did not pass is skipped then.
func gateSuite(info RunInfo) junitSuite {
	c := &junitCase{Class: "gate", Name: legalXML(info.GateVerdict.Gate), Out: xmlText(info.GateVerdict.String() + "\n")}
	if info.GateVerdict.Failed {
		c.Failure = &junitEnd{Type: "gate", Message: legalXML(clip(info.GateVerdict.String(), maxJUnitMessage))}
	}
	s := junitSuite{Name: "gate", Cases: []*junitCase{c}}
	s.add(c)
	return s
}

func newJUnitSuite(group string, first Attempt, info RunInfo) junitSuite {
	s := junitSuite{Name: legalXML(group), Hostname: legalXML(info.Capacity.Hostname)}
	if !first.Started.IsZero() {
		s.Timestamp = first.Started.UTC().Format("2006-01-02T15:04:05")
	}
	var p junitProps
	p.add("run_id", info.RunID)
	p.add("benchtest", info.Version)
	p.add("gate", info.Gate)
	if len(p.List) > 0 {
		s.Properties = &p
	}
	return s
}

func (p *junitProps) add(name, value string) {
	if value != "" {
		p.List = append(p.List, junitProp{Name: legalXML(name), Value: legalXML(value)})
	}
}

// count adds a number that is known; 0 is not.
func (p *junitProps) count(name string, n int64) {
	if n != 0 {
		p.add(name, strconv.FormatInt(n, 10))
	}
}

// splitKey splits a key into its group and the rest; misc is the group of a
// key that has none.
func splitKey(key string) (group, rest string) {
	group, rest, ok := strings.Cut(key, "/")
	if !ok {
		return "misc", key
	}
	return group, rest
}
