package txn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn/step"
)

// The files of a change in the folder of journals. The journal alone says "undo"; with the applied mark "watch"; with the
// confirmed mark "let the old objects go". The number in the journal's name counts the attempts to recover: renaming
// needs no free space.
const (
	journalSuffix   = ".journal"
	appliedSuffix   = ".applied"
	confirmedSuffix = ".confirmed"
	lockName        = "lock"
)

// journal is a prepared change: what is written to disk, and the open folders.
type journal struct {
	ID     string        `json:"id"`
	Root   string        `json:"root"`
	Weaker bool          `json:"weaker,omitempty"`
	Watch  time.Duration `json:"watch,omitempty"`
	Label  string        `json:"label,omitempty"`
	Steps  []step.Step   `json:"steps"`

	engine   Engine
	attempts int
	place    step.Place
	kept     []Conflict
}

// Mark says when a change was applied, by three clocks: the wall clock, which can be set; the time since boot, which
// stands for nothing after a reboot; and the boot that it belongs to.
type Mark struct {
	At        time.Time     `json:"at"`
	SinceBoot time.Duration `json:"since_boot"`
	BootID    string        `json:"boot_id"`
}

// encode writes the journal with its checksum in the last line.
func (j *journal) encode() ([]byte, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return fmt.Appendf(nil, "%s\n%x\n", body, sum), nil
}

// decodeJournal reads what encode wrote. It accepts nothing else: a journal is never guessed.
func decodeJournal(data []byte) (*journal, error) {
	body, rest, ok := bytes.Cut(data, []byte("\n"))
	sum := sha256.Sum256(body)
	if !ok || string(rest) != hex.EncodeToString(sum[:])+"\n" {
		return nil, errors.New("the checksum of the journal is wrong")
	}
	j := &journal{}
	if err := json.Unmarshal(body, j); err != nil {
		return nil, fmt.Errorf("the journal is not of this version: %w", err)
	}
	return j, nil
}

// save writes the journal for the first time.
func (j *journal) save() error {
	data, err := j.encode()
	if err != nil {
		return err
	}
	return j.engine.Ops.WriteFile(j.engine.journalPath(j.ID, 0), data, 0o600)
}

func (e Engine) journalPath(id string, attempts int) string {
	return filepath.Join(e.Journals, fmt.Sprintf("%s.%d%s", id, attempts, journalSuffix))
}

func (e Engine) markPath(id, suffix string) string {
	return filepath.Join(e.Journals, id+suffix)
}

// attempt counts one more attempt to recover.
func (j *journal) attempt() error {
	ops, from := j.engine.Ops, j.engine.journalPath(j.ID, j.attempts)
	to := j.engine.journalPath(j.ID, j.attempts+1)
	if err := ops.Do("rename", to, func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	j.attempts++
	return j.engine.syncJournals()
}

func (e Engine) syncJournals() error {
	dir, err := e.Ops.OpenDir(e.Journals)
	if err != nil {
		return err
	}
	defer dir.Close()
	return e.Ops.Sync(dir)
}

// mark says durably that all steps are done.
func (e Engine) mark(j *journal) (*Mark, error) {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return nil, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	m := &Mark{At: time.Now().UTC(), SinceBoot: time.Duration(since.Nano()), BootID: strings.TrimSpace(string(boot))}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return m, e.Ops.WriteFile(e.markPath(j.ID, appliedSuffix), data, 0o600)
}

func (e Engine) readMark(id string) (*Mark, error) {
	data, err := os.ReadFile(e.markPath(id, appliedSuffix))
	if err != nil {
		return nil, err
	}
	m := &Mark{}
	return m, json.Unmarshal(data, m)
}

// remove ends a change: the journal first, because without it the rest is only litter.
func (j *journal) remove() error {
	names := []string{
		j.engine.journalPath(j.ID, j.attempts),
		j.engine.markPath(j.ID, appliedSuffix), j.engine.markPath(j.ID, confirmedSuffix),
	}
	for _, name := range names {
		if err := j.engine.Ops.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// entry is a journal in the folder.
type entry struct {
	id       string
	attempts int
}

// list finds the journals, by id.
func (e Engine) list() ([]entry, error) {
	files, err := os.ReadDir(e.Journals)
	if err != nil {
		return nil, fmt.Errorf("look for journals: %w", err)
	}
	var found []entry
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), journalSuffix)
		id, count, numbered := strings.Cut(name, ".")
		attempts, err := strconv.Atoi(count)
		if ok && numbered && err == nil && validID.MatchString(id) {
			found = append(found, entry{id, attempts})
		}
	}
	return found, nil
}

// load opens the journal of a change, its root and its slots.
func (e Engine) load(at entry) (*journal, error) {
	data, err := os.ReadFile(e.journalPath(at.id, at.attempts))
	if err != nil {
		return nil, err
	}
	j, err := decodeJournal(data)
	if err != nil {
		return nil, err
	}
	if j.ID != at.id {
		return nil, fmt.Errorf("the journal is that of %q", j.ID)
	}
	j.engine, j.attempts = e, at.attempts
	return j, j.open()
}

// find loads the journal of the change id.
func (e Engine) find(id string) (*journal, error) {
	all, err := e.list()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(at entry) bool { return at.id == id })
	if i < 0 {
		return nil, ErrUnknown
	}
	return e.load(all[i])
}

// open opens the root and the slots.
func (j *journal) open() (err error) {
	ops := j.engine.Ops
	j.place = step.Place{Ops: ops, Weaker: j.Weaker}
	if j.place.Root, err = ops.OpenDir(j.Root); err != nil {
		return err
	}
	if j.place.Slots, err = ops.OpenDir(slotsOf(j.Root, j.ID)); err != nil {
		return errors.Join(err, j.place.Root.Close())
	}
	return nil
}

// close closes what open opened.
func (j *journal) close() {
	for _, f := range []*os.File{j.place.Root, j.place.Slots} {
		if f != nil {
			_ = f.Close() // read only
		}
	}
}

func (j *journal) result(state State, mark *Mark) Result {
	r := Result{ID: j.ID, State: state, Weaker: j.Weaker, Mark: mark, Watch: j.Watch, Label: j.Label, Conflicts: j.kept}
	for _, s := range j.Steps {
		r.Paths = append(r.Paths, s.Path)
	}
	return r
}

// locked runs act while no other process works on the journals. how is unix.LOCK_NB to be refused with ErrBusy while one
// does, or 0 to wait for its end.
func (e Engine) locked(how int, act func() error) error {
	f, err := os.OpenFile(filepath.Join(e.Journals, lockName), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("take the lock: %w", err)
	}
	defer f.Close()
	err = atomicfile.Ops{}.Do("flock", f.Name(), func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|how) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return err
	}
	return act()
}
