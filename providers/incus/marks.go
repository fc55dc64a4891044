package incus

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"time"
)

// The configuration keys that make a thing ours. An instance, a network and an
// image carry them from the moment they exist.
const (
	mark         = "user.benchtest."
	markKind     = mark + "kind"
	markID       = mark + "id"
	markRun      = mark + "run"
	markAttempt  = mark + "attempt"
	markTemplate = mark + "template" // the build name
	markBase     = mark + "base"     // the base's build name
	markDigest   = mark + "digest"
	markHome     = mark + "home"
	markCreated  = mark + "created"
	markNonce    = mark + "nonce" // who made it: no two calls have the same
	markHostName = mark + "hostname"
	markNetwork  = mark + "network" // of a clone: none or open
	markPasswd   = mark + "passwd"  // of a template: its /etc/passwd
	markHosts    = mark + "hosts"   // of a template: its /etc/hosts
	markType     = mark + "type"    // typeVM; none: it is a container
	markWires    = mark + "wires"   // of a virtual machine: its addresses, as wires.sh reads them
	// markFile and a file's path is what Incus writes to it in a copy.
	markFile = mark + "file."
)

// What a thing is.
const (
	kindTemplate = "template"
	kindBuild    = "build" // a template in the making
	kindClone    = "clone"
	kindNetwork  = "network"
)

// typeVM is markType of a virtual machine.
const typeVM = "vm"

// homeMark says whose a thing is: several machines may share one Incus, and
// each has its own BENCHTEST_HOME.
func homeMark(home string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + ":" + home
}

// short is a name for something whose own name may be too long.
func short(text string, hexDigits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:hexDigits]
}

// createdAt reads markCreated; what has none is of no time.
func createdAt(config map[string]string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, config[markCreated])
	if err != nil {
		return time.Time{}
	}
	return at
}
