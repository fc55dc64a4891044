package isolate

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// A mount is one line of a mountinfo file.
type mount struct {
	path, fstype string
	options      []string // of the file system, not of the mount
}

func ownMounts() ([]mount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	defer f.Close()
	mounts, err := parseMounts(f)
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	return mounts, nil
}

func parseMounts(r io.Reader) ([]mount, error) {
	var mounts []mount
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		// 30 23 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup none rw,cpu
		left, right, found := strings.Cut(lines.Text(), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !found || len(l) < 5 || len(r) < 3 {
			return nil, fmt.Errorf("read mount %q: want 10 fields", lines.Text())
		}
		mounts = append(mounts, mount{path: unescape(l[4]), fstype: r[0], options: strings.Split(r[2], ",")})
	}
	return mounts, lines.Err()
}

// unescape undoes how the kernel writes spaces, tabs, line ends and
// backslashes: as \ and three octal digits.
func unescape(path string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(path, `\`)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		digits := after[:min(3, len(after))]
		n, err := strconv.ParseUint(digits, 8, 8)
		if err != nil || len(digits) < 3 {
			out.WriteByte('\\')
			path = after
			continue
		}
		out.WriteByte(byte(n))
		path = after[3:]
	}
}
