package reports

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/benchtest-dev/benchtest/reports/pairsum"
)

// ErrEvidence marks evidence that is not what was recorded.
var ErrEvidence = errors.New("evidence was changed")

// VerifyEvidence checks the evidence in an attempt's directory against its
// chain, and the chain against head, its digest in the attempt's record. What
// was changed, cut off or added is an error that wraps ErrEvidence. Artifacts
// are no evidence.
func VerifyEvidence(dir fs.FS, head string) error {
	lines, err := fs.ReadFile(dir, chainName)
	if err != nil {
		return fmt.Errorf("read evidence chain: %w", err)
	}
	links, err := readChain(lines, head)
	if err != nil {
		return err
	}
	covered := map[string]int64{}
	for _, l := range links {
		if err := verifyStretch(dir, l); err != nil {
			return err
		}
		covered[l.File] += l.Bytes
	}
	return verifySizes(dir, covered)
}

// readChain reads the lines of evidence.jsonl. They follow each other, cover each
// file from its beginning without a gap, and end in head.
func readChain(lines []byte, head string) ([]Link, error) {
	var links []Link
	prev, covered := "", map[string]int64{}
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		l, err := readLink(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %s, line %d: %w", ErrEvidence, chainName, len(links)+1, err)
		}
		if l.Prev != prev || l.Offset != covered[l.File] || l.Bytes < 0 {
			return nil, fmt.Errorf("%w: %s, line %d does not follow what is before it", ErrEvidence, chainName, len(links)+1)
		}
		covered[l.File] += l.Bytes
		links = append(links, l)
		prev = digest(line)
	}
	if prev != head {
		return nil, fmt.Errorf("%w: %s does not end as recorded", ErrEvidence, chainName)
	}
	return links, nil
}

func verifyStretch(dir fs.FS, l Link) error {
	f, err := dir.Open(l.File)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	defer f.Close() //nolint:errcheck // read only
	if _, err := io.CopyN(io.Discard, f, l.Offset); err != nil {
		return fmt.Errorf("%w: %s is shorter than recorded", ErrEvidence, l.File)
	}
	h := sha256.New()
	if n, err := io.Copy(h, io.LimitReader(f, l.Bytes)); err != nil || n != l.Bytes {
		return fmt.Errorf("%w: %s is shorter than recorded", ErrEvidence, l.File)
	}
	if hex.EncodeToString(h.Sum(nil)) != l.SHA256 {
		return fmt.Errorf("%w: %s differs in bytes %d to %d", ErrEvidence, l.File, l.Offset, l.Offset+l.Bytes)
	}
	return nil
}

// A pinned is a stretch of a file and the link that pins it.
type pinned struct {
	Link
	text []byte
}

// verifyFiles checks files, as they were read, against the links: these cover
// each byte.
func verifyFiles(names []string, files [][]byte, links []Link) error {
	var all []pinned
	for i, name := range names {
		rest := files[i]
		for _, l := range links {
			if l.File != name {
				continue
			}
			if l.Bytes > int64(len(rest)) {
				return fmt.Errorf("%w: %s is shorter than recorded", ErrEvidence, name)
			}
			all = append(all, pinned{l, rest[:l.Bytes]})
			rest = rest[l.Bytes:]
		}
		if len(rest) > 0 {
			return fmt.Errorf("%w: %s is longer than recorded", ErrEvidence, name)
		}
	}
	if len(all)%2 == 1 { // beside the last goes nothing
		all = append(all, pinned{Link: Link{SHA256: digest(nil)}})
	}
	for two := range slices.Chunk(all, 2) {
		a, b := pairsum.Sum256(two[0].text, two[1].text)
		if err := errors.Join(two[0].check(a), two[1].check(b)); err != nil {
			return err
		}
	}
	return nil
}

// check holds the digest of the stretch against the link's.
func (p pinned) check(sum [sha256.Size]byte) error {
	if hex.EncodeToString(sum[:]) != p.SHA256 {
		return fmt.Errorf("%w: %s differs in bytes %d to %d", ErrEvidence, p.File, p.Offset, p.Offset+p.Bytes)
	}
	return nil
}

// verifySizes finds what the chain does not cover: a longer or an extra file.
func verifySizes(dir fs.FS, covered map[string]int64) error {
	return fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read evidence: %w", err)
		case path == "artifacts" && d.IsDir(): // of a file SkipDir would skip all that follows
			return fs.SkipDir
		case d.IsDir() || path == chainName:
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return fmt.Errorf("read evidence: %w", err)
		}
		if !info.Mode().IsRegular() || info.Size() != covered[path] {
			return fmt.Errorf("%w: %s is not what was recorded", ErrEvidence, path)
		}
		return nil
	})
}
