package providers

import (
	"fmt"
	"regexp"
	"strings"
)

// maxID keeps host names, cgroups and interface names made of an ID short.
const maxID = 40

var machineID = regexp.MustCompile(`^[a-z0-9-]+$`)

// CheckID says what is wrong with the ID of a CloneSpec, if anything. Whatever
// we make carries "benchtest" in its name, or purge could not tell it from
// what is not ours; and an ID becomes part of paths.
func CheckID(id string) error {
	switch {
	case len(id) > maxID:
		return fmt.Errorf("machine ID %.60q is longer than %d", id, maxID)
	case !machineID.MatchString(id) || strings.HasPrefix(id, "-"):
		return fmt.Errorf("machine ID %q has other characters than a-z, 0-9 and dashes within", id)
	case !strings.Contains(id, "benchtest"):
		return fmt.Errorf("machine ID %q does not contain benchtest", id)
	}
	return nil
}
