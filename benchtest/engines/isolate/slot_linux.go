package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A slot is the use of one UID: a file that is locked as long as it lasts, so
// that the kernel ends it when its process dies. The file says what there is
// to remove then.
type slot struct {
	uid  int
	file *os.File
}

// leavings is what outlives a process that dies.
type leavings struct {
	Cgroups []string `json:"cgroups"`
}

const slotSuffix = ".lock"

// takeSlot finds a UID that nobody has.
func takeSlot(dir string) (*slot, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("take user: %w", err)
	}
	subordinates, err := readSubordinates()
	if err != nil {
		return nil, fmt.Errorf("take user: %w", err)
	}
	for uid := FirstUID; uid < FirstUID+UIDs; uid++ {
		if _, err := user.LookupId(strconv.Itoa(uid)); err == nil || subordinates.has(uid) {
			continue
		}
		s, err := lockSlot(filepath.Join(dir, strconv.Itoa(uid)+slotSuffix))
		if s == nil && err == nil {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("take user: %w", err)
		}
		s.uid = uid
		return s, s.clear()
	}
	return nil, fmt.Errorf("take user: all %d from %d on are in use", UIDs, FirstUID)
}

// lockSlot creates and locks a slot's file; nil when somebody else has it.
func lockSlot(path string) (*slot, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, nil
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		// Who had it before may have removed it between our open and our lock.
		if now, err := os.Stat(path); err == nil && os.SameFile(mine, now) {
			return &slot{file: f}, nil
		}
		f.Close()
	}
}

// note writes down what there is to remove, before it exists.
func (s *slot) note(l leavings) error {
	b, err := json.Marshal(l)
	if err == nil {
		_, err = s.file.WriteAt(b, 0)
	}
	if err != nil {
		return fmt.Errorf("note what a cell leaves: %w", err)
	}
	return nil
}

// clear removes what the slot's former process left behind.
func (s *slot) clear() error {
	info, err := s.file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	var l leavings
	// One that died while it wrote had nothing yet.
	if err := json.NewDecoder(s.file).Decode(&l); err == nil {
		if err := (cgroup{dirs: l.Cgroups}).remove(); err != nil {
			return fmt.Errorf("remove what a cell left: %w", err)
		}
	}
	return s.file.Truncate(0)
}

// free gives the UID back.
func (s *slot) free() error {
	return errors.Join(os.Remove(s.file.Name()), s.file.Close())
}

func sweep(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+slotSuffix))
	if err != nil {
		return fmt.Errorf("sweep cells: %w", err)
	}
	var errs []error
	for _, path := range paths {
		s, err := lockSlot(path)
		if s == nil {
			errs = append(errs, err)
			continue
		}
		if err := s.clear(); err != nil {
			errs = append(errs, err, s.file.Close())
			continue
		}
		errs = append(errs, s.free())
	}
	return errors.Join(errs...)
}

// subordinates are ranges of UIDs that users may hand to their containers.
type subordinates []struct{ first, count int }

func (r subordinates) has(uid int) bool {
	for _, s := range r {
		if uid >= s.first && uid-s.first < s.count {
			return true
		}
	}
	return false
}

func readSubordinates() (subordinates, error) {
	b, err := os.ReadFile("/etc/subuid")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return parseSubordinates(string(b)), nil
}

// parseSubordinates reads lines like "alice:100000:65536"; others do not count.
func parseSubordinates(text string) subordinates {
	var all subordinates
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 {
			continue
		}
		first, err1 := strconv.Atoi(fields[1])
		count, err2 := strconv.Atoi(fields[2])
		if err1 == nil && err2 == nil {
			all = append(all, struct{ first, count int }{first, count})
		}
	}
	return all
}
