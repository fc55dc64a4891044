package scenario

import (
	"path"
	"regexp"
	"strings"
)

var (
	groupPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	namePattern  = regexp.MustCompile(`^[a-z0-9-]+$`)
	notGroup     = regexp.MustCompile(`[^a-z0-9_]`)
)

// rootGroup is the group of a key without a slash at the root.
const rootGroup = "misc"

// key sets the key and the subtest that it stands for. Without a key it is the
// path below the root. A key without a slash belongs to the group that its
// parent directory is called after.
func (d *decoder) key(top object) {
	s := d.s
	s.Key = s.Dir
	if top.has("key") {
		s.Key = top.str("key")
		if !isText(top.fields["key"]) {
			return
		}
	} else if s.Dir == "." {
		d.r.errorf(place{1, 1}, "no key: the root has no path to take it from")
		return
	}
	var slash bool
	s.Group, s.Name, slash = strings.Cut(s.Key, "/")
	if !slash {
		s.Group, s.Name = parentGroup(s.Dir), s.Key
	}
	if !groupPattern.MatchString(s.Group) || !namePattern.MatchString(s.Name) {
		d.r.errorf(d.s.place("key"), "key %q cannot be a subtest: it must be GROUP/NAME, GROUP like %s and NAME like %s",
			s.Key, trimAnchors(groupPattern), trimAnchors(namePattern))
	}
}

func trimAnchors(p *regexp.Regexp) string { return strings.Trim(p.String(), "^$") }

// parentGroup is the name of the directory above dir, made a group's name.
func parentGroup(dir string) string {
	parent := path.Base(path.Dir(dir))
	if parent == "." {
		return rootGroup
	}
	group := notGroup.ReplaceAllString(strings.ToLower(parent), "_")
	if !groupPattern.MatchString(group) { // it begins with a digit
		group = rootGroup + "_" + group
	}
	return group
}
