package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Nouns that can be asked about. NounAnsible and NounScript are asked by the
// driver, never by the probe.
const (
	NounService     = "service"
	NounProcess     = "process"
	NounPort        = "port"
	NounFile        = "file"
	NounMount       = "mount"
	NounCommand     = "command"
	NounHTTP        = "http"
	NounAddr        = "addr"
	NounDNS         = "dns"
	NounPackage     = "package"
	NounUser        = "user"
	NounGroup       = "group"
	NounKernelParam = "kernel-param"
	NounCron        = "cron"
	NounInterface   = "interface"
	NounCertificate = "certificate"
	NounJournal     = "journal"
	NounAnsible     = "ansible"
	NounScript      = "script"
)

// NounIntegrity is asked by the driver of its own accord and is no word of a
// scenario: the implicit rule state/integrity rests on it.
const NounIntegrity = "integrity"

// SubjectPackages is what NounIntegrity is asked about.
const SubjectPackages = "packages"

// A Query asks for one fact: one noun about one subject, for instance the
// service "nginx" or the file "/etc/hosts".
type Query struct {
	Noun    string `json:"noun"`
	Subject string `json:"subject"`
	// As is the user a guest program is run as; empty means root.
	As string `json:"as,omitempty"`
	// Params refine the question (an http method, a command's limit, a journal
	// pattern). Values are what encoding/json makes of them: bool, float64,
	// string, []any, map[string]any.
	Params map[string]any `json:"params,omitempty"`
}

// ID names the query within one host: equal queries have equal IDs, and a
// stored fact answers exactly the rules that ask with its ID.
func (q Query) ID() string {
	id := q.Noun + ":" + CanonicalSubject(q.Noun, q.Subject)
	if q.As != "" {
		id += "|as=" + q.As
	}
	if len(q.Params) > 0 {
		// Map keys are sorted by encoding/json, so the digest is stable.
		b, err := json.Marshal(q.Params)
		if err != nil {
			b = []byte(err.Error())
		}
		sum := sha256.Sum256(b)
		id += "|" + hex.EncodeToString(sum[:6])
	}
	return id
}

// GuestRun reports whether answering runs a program of the guest's own. Such
// facts have GradeGuestRun at best.
func (q Query) GuestRun() bool { return q.Noun == NounCommand }

// A Request is one round trip to the probe: every fact of a checkpoint.
type Request struct {
	Queries []Query `json:"queries"`
	// Superset asks for an inventory beside the queries (all services, ports,
	// processes, packages, mounts, users, groups), so that rules written later
	// can be evaluated on what is stored today.
	Superset bool `json:"superset,omitempty"`
	// Limit bounds one query; zero means DefaultLimit.
	Limit time.Duration `json:"limit_ns,omitempty"`
	// MaxBytes bounds one captured text (file contents, command output, http
	// body); zero means DefaultMaxBytes.
	MaxBytes int `json:"max_bytes,omitempty"`
	// Times says when, by the observer's clock (Answer.At), checkpoints were
	// taken, for queries that ask about the time since one. They stand here and
	// not in the query so that a query keeps its ID over all checkpoints. A
	// checkpoint that is not here has not been reached: nothing came since.
	Times map[Checkpoint]time.Time `json:"times,omitempty"`
	// Mounts, unless empty, are the only mounts that files may be read through,
	// by their identities in an earlier Answer, one of them as often as it
	// stands here. What lies on another one is refused: whoever mounts something
	// over a file shows the observer what it is not. A mount point that a query
	// is about is exempt.
	Mounts []string `json:"mounts,omitempty"`
}

// Bounds of one query when its Request names none.
const (
	DefaultLimit    = 10 * time.Second
	DefaultMaxBytes = 64 << 10
)
