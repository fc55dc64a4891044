package facts

import "time"

// Grade says how far a fact can be trusted, best first.
type Grade string

// The grades.
const (
	GradeHost     Grade = "host"      // seen from outside the guest
	GradeGuestOOB Grade = "guest-oob" // asked inside, over a channel of the hypervisor
	GradeGuestSSH Grade = "guest-ssh" // asked inside, over SSH
	GradeGuestRun Grade = "guest-run" // the answer of a program of the guest's
)

// A Fact is the answer to one Query.
type Fact struct {
	Query Query `json:"query"`
	Grade Grade `json:"grade"`
	// Attrs maps an attribute of the noun (SCENARIO.md section 2) to its value,
	// typed as encoding/json would decode it. A subject that is not there is an
	// answer, not an error: Attrs says exists, running or listening false.
	Attrs map[string]any `json:"attrs,omitempty"`
	// Raw is the observation as it was read, bounded, for people to look at.
	Raw string `json:"raw,omitempty"`
	// Error says why the question could not be asked. Attrs are then void.
	Error string `json:"error,omitempty"`
	// Truncated marks that a text in Attrs or Raw was cut at the request's MaxBytes.
	Truncated bool `json:"truncated,omitempty"`
}

// An Answer is what the probe says to a Request.
type Answer struct {
	// Facts holds one fact a query, in the order asked, then the superset's.
	Facts []Fact `json:"facts"`
	// Complete lists the nouns whose every subject the superset holds: a
	// subject of theirs that is absent does not exist.
	Complete []string `json:"complete,omitempty"`
	// Mounts are the identities of all mounts, in the kernel's order; asked for
	// with the superset. See Request.Mounts.
	Mounts []string `json:"mounts,omitempty"`
	// At is the observer's clock when the answer was complete.
	At time.Time `json:"at"`
}

// Checkpoint names a moment in the life of an attempt.
type Checkpoint string

// The checkpoints, in order. Samples are taken between faulted and held.
const (
	Healthy Checkpoint = "healthy"
	Faulted Checkpoint = "faulted"
	After   Checkpoint = "after"
	Held    Checkpoint = "held"
	Sample  Checkpoint = "sample"
)

// A Snapshot is everything observed of one host at one moment.
type Snapshot struct {
	Host       string     `json:"host"`
	Checkpoint Checkpoint `json:"checkpoint"`
	// Since is the time since the engine ended; negative while it works.
	Since    time.Duration `json:"since_ns"`
	At       time.Time     `json:"at"`
	Complete []string      `json:"complete,omitempty"`
	Mounts   []string      `json:"mounts,omitempty"`
	// Error says why the host could not be asked at all.
	Error string `json:"error,omitempty"`
	// Facts, by Query.ID, come last, so that who reads a line can take of them
	// what is wanted.
	Facts map[string]Fact `json:"facts"`
}

// NewSnapshot indexes an answer of host at checkpoint c.
func NewSnapshot(host string, c Checkpoint, since time.Duration, a Answer) Snapshot {
	s := Snapshot{Host: host, Checkpoint: c, Since: since, At: a.At, Complete: a.Complete, Mounts: a.Mounts, Facts: make(map[string]Fact, len(a.Facts))}
	for _, f := range a.Facts {
		id := f.Query.ID()
		if _, asked := s.Facts[id]; !asked {
			s.Facts[id] = f
		}
	}
	return s
}
