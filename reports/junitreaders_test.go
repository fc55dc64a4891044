package reports

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What readers of JUnit XML show, as their sources tell: which element or
// attribute becomes what a person sees. Each is a few lines and no more, so that
// a change of ours that hides something from one of them is seen.
//
//	Jenkins   jenkinsci/junit-plugin CaseResult.java; attachments: its JUnit Attachments plugin
//	GitLab    gitlabhq/gitlabhq lib/gitlab/ci/parsers/test/junit.rb
//	mikepenz  mikepenz/action-junit-report src/testParser.ts
//	dorny     dorny/test-reporter src/parsers/java-junit/java-junit-parser.ts
//	EnricoMi  EnricoMi/publish-unit-test-result-action python/publish/junit.py

// A node is an element of whatever name.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// first is the first child with one of these names; nil where there is none.
func (n *node) first(names ...string) *node {
	for _, name := range names {
		for i := range n.Children {
			if n.Children[i].XMLName.Local == name {
				return &n.Children[i]
			}
		}
	}
	return nil
}

func (n *node) text() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.Text)
}

// shown is one case as a reader shows it.
type shown struct {
	group, name string
	status      string // passed, failed, skipped
	says        string // beside the name
	details     string // when it is opened
	output      string
	attachment  string
	properties  int
}

// A junitReader turns a case of a suite into what is shown.
type junitReader func(suite, c *node) shown

var attachmentMark = regexp.MustCompile(`\[\[ATTACHMENT\|(.+?)\]\]`)

func attachmentOf(output string) string {
	if m := attachmentMark.FindStringSubmatch(output); m != nil {
		return m[1]
	}
	return ""
}

func statusOf(c *node) string {
	switch {
	case c.first("failure", "error") != nil:
		return "failed"
	case c.first("skipped") != nil:
		return "skipped"
	}
	return "passed"
}

func messageOf(end *node) string {
	if end == nil {
		return ""
	}
	return end.attr("message")
}

// junitReaders are those that are checked.
func junitReaders() map[string]junitReader {
	return map[string]junitReader{
		// The package is what stands before the last dot of classname.
		"Jenkins": func(_, c *node) shown {
			s := shown{group: c.attr("classname"), name: c.attr("name"), status: statusOf(c), output: c.first("system-out").text()}
			end := c.first("error", "failure")
			s.says, s.details = messageOf(end), end.text()
			if end == nil {
				s.says = messageOf(c.first("skipped"))
			}
			s.attachment = attachmentOf(s.output)
			if p := c.first("properties"); p != nil {
				s.properties = len(p.Children)
			}
			return s
		},
		// Messages are dropped where there is text. Only a failure has an attachment.
		"GitLab": func(_, c *node) shown {
			s := shown{group: c.attr("classname"), name: c.attr("name"), status: statusOf(c)}
			s.details = c.first("failure", "error", "skipped").text()
			if c.first("failure") != nil {
				s.attachment = attachmentOf(c.first("system-out").text())
			}
			return s
		},
		"mikepenz": func(suite, c *node) shown {
			s := shown{group: suite.attr("name"), name: c.attr("name"), status: statusOf(c)}
			s.details = c.first("failure", "error").text()
			s.says = messageOf(c.first("failure", "error"))
			return s
		},
		// A message is not shown, the first line of the text is.
		"dorny": func(suite, c *node) shown {
			s := shown{group: suite.attr("name"), name: c.attr("name"), status: statusOf(c)}
			if class := c.attr("classname"); class != suite.attr("name") {
				s.group += " › " + class
			}
			s.details = c.first("failure", "error").text()
			s.says, _, _ = strings.Cut(s.details, "\n")
			return s
		},
		// Elements of reruns are no results to it.
		"EnricoMi": func(_, c *node) shown {
			end := c.first("error", "failure", "skipped")
			return shown{
				group: c.attr("classname"), name: c.attr("name"), status: statusOf(c),
				says: messageOf(end), details: end.text(), output: c.first("system-out").text(),
			}
		},
	}
}

// showsNoSkips are readers that show that a case is skipped and never why.
var showsNoSkips = map[string]bool{"mikepenz": true, "dorny": true}

// read shows all cases of a file, by name.
func (r junitReader) read(t *testing.T, file []byte) map[string]shown {
	t.Helper()
	var root node
	require.NoError(t, xml.Unmarshal(file, &root))
	all := map[string]shown{}
	for i := range root.Children {
		suite := &root.Children[i]
		for j := range suite.Children {
			c := &suite.Children[j]
			if c.XMLName.Local != "testcase" {
				continue
			}
			s := r(suite, c)
			id := c.attr("classname") + "/" + s.name
			require.NotContains(t, all, id, "GitLab ignores the second of a name")
			all[id] = s
		}
	}
	return all
}

// Whichever reader a team has, it shows group, scenario and rule, the outcome,
// and why an attempt did not pass.
func TestReadersShowJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, attempts(), RunInfo{RunID: "20260102T030405Z-abcdef", Dir: "/runs/one"}))
	for name, reader := range junitReaders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := reader.read(t, b.Bytes())
			for _, want := range []struct{ id, group, status, why string }{
				{"nginx/001-broken-config/i1", "nginx", "passed", ""},
				{"nginx/001-broken-config/i2", "nginx", "failed", "did not reinstall"},
				{"nginx/002-port-taken", "nginx", "failed", "running false"},
				{"nginx.002-port-taken/state/nginx is active on web1", "nginx", "failed", "running false"},
				{"disk/001-full-var", "disk", "failed", "the engine used its 5m0s"},
				{"disk/002-inodes", "disk", "failed", "prepare web1: exit status 2"},
				{"cron/001-dead-job", "cron", "skipped", "without it"},
			} {
				require.Contains(t, all, want.id)
				got := all[want.id]
				assert.True(t, strings.HasPrefix(got.group, want.group), "%s: group %q", want.id, got.group)
				assert.True(t, strings.HasSuffix(want.id, "/"+got.name), "%s: name %q", want.id, got.name)
				assert.Equal(t, want.status, got.status, want.id)
				if want.status == "skipped" && showsNoSkips[name] {
					want.why = ""
				}
				assert.Contains(t, strings.Join(strings.Fields(got.says+" "+got.details), " "), want.why, want.id)
			}
		})
	}
}

// Under a gate what did not pass is skipped, and still told by all that tell
// why anything is.
func TestReadersShowGated(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, attempts(), RunInfo{RunID: "20260102T030405Z-abcdef", Gate: "never"}))
	for name, reader := range junitReaders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := reader.read(t, b.Bytes())
			for _, c := range []struct{ id, why string }{
				{"nginx/002-port-taken", "failed, counted by the gate: failed: nginx is active: expected running true, got running false"},
				{"nginx.002-port-taken/state/nginx is active on web1", "counted by the gate: does-not-hold: expected running true"},
				{"disk/002-inodes", "counted by the gate: errored: prepare web1: exit status 2"},
			} {
				require.Contains(t, all, c.id)
				got := all[c.id]
				assert.Equal(t, "skipped", got.status, c.id)
				if !showsNoSkips[name] {
					assert.Contains(t, strings.Join(strings.Fields(got.says+" "+got.details), " "), c.why, c.id)
				}
			}
		})
	}
}

// What only some of them show.
func TestReadersShowMore(t *testing.T) {
	t.Parallel()
	list := attempts()
	for i := range list {
		list[i].Dir, list[i].Tail = "attempts/"+list[i].Key+"/i1", "the last words"
	}
	var b bytes.Buffer
	require.NoError(t, WriteJUnit(&b, list, RunInfo{RunID: "20260102T030405Z-abcdef", Dir: "/runs/one"}))
	all := junitReaders()
	jenkins := all["Jenkins"].read(t, b.Bytes())
	failed := jenkins["nginx/002-port-taken"]
	assert.Greater(t, failed.properties, 10, "Jenkins keeps properties where it is told to")
	assert.Contains(t, failed.output, "the last words")
	assert.Contains(t, failed.attachment, "/runs/one/attempts/nginx/002-port-taken/i1/")
	assert.Equal(t, failed.attachment, all["GitLab"].read(t, b.Bytes())["nginx/002-port-taken"].attachment)
	assert.Contains(t, all["EnricoMi"].read(t, b.Bytes())["nginx/002-port-taken"].output, "the last words")
	assert.Equal(t, "scenarios do not run with -short: run without it", jenkins["cron/001-dead-job"].says)
	// The attempt that passed is passed to all of them, though one before did not.
	for name, reader := range all {
		assert.Equalf(t, "passed", reader.read(t, b.Bytes())["nginx/001-broken-config/i1"].status, name)
	}
}
