package component

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/host/component/grace"
	"github.com/homeostat/homeostat/host/component/process"
)

// phase is what the daemon was doing with a process when it last wrote. It is what lets the next daemon go on after a
// kill at any instant.
type phase string

const (
	idle       phase = ""           // nothing of ours runs
	launching  phase = "launching"  // a process with the instance's mark may or may not exist
	running    phase = "running"    // Main runs
	ending     phase = "ending"     // Main is being stopped, for good
	restarting phase = "restarting" // Main is being stopped in order to start another
)

// record is what survives the daemon: one file for each component.
type record struct {
	Phase phase `json:"phase"`
	// Instance is the value of the mark in the environment of the newest process that we started.
	Instance string     `json:"instance,omitempty"`
	Main     process.ID `json:"main"`
	// Last is the newest main process, also when it has ended: its session may have left others behind.
	Last       process.ID   `json:"last"`
	StartedAt  time.Time    `json:"started_at"`
	GraceEnds  time.Time    `json:"grace_ends"`
	Answered   bool         `json:"answered"`
	Generation int          `json:"generation"`
	Unwanted   bool         `json:"unwanted"`
	Starts     []time.Time  `json:"starts,omitempty"`
	LastExit   *lastExit    `json:"last_exit,omitempty"`
	Grace      grace.Starts `json:"grace"`
	// Fingerprint is of the spec from which the process was started.
	Fingerprint string `json:"fingerprint,omitempty"`
}

type lastExit struct {
	process.Exit
	At time.Time `json:"at"`
}

// startsKept bounds the memory of starts.
const startsKept = 50

func (r *record) started(at time.Time) {
	r.Starts = append(r.Starts, at)
	if over := len(r.Starts) - startsKept; over > 0 {
		r.Starts = r.Starts[over:]
	}
}

// ledger keeps the records in a folder. A record is replaced by renaming, so a kill at any instant leaves the old one or
// the new one. It is not flushed to the disk on every step, because what it says of processes ends with the power anyway,
// and a restart must not wait for a busy disk; flush is for what a person decided.
type ledger struct{ dir string }

func (l ledger) path(name string) string { return filepath.Join(l.dir, name+".json") }

// load returns the record of a component, a fresh one when there is none, and whether what was there could be read.
func (l ledger) load(name string) (record, error) {
	b, err := os.ReadFile(l.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	var r record
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return record{}, fmt.Errorf("read the record of component %q: %w", name, err)
	}
	return r, nil
}

func (l ledger) save(name string, r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the record of component %q: %w", name, err)
	}
	next := l.path(name) + ".next"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return fmt.Errorf("write the record of component %q: %w", name, err)
	}
	if err := os.Rename(next, l.path(name)); err != nil {
		return fmt.Errorf("write the record of component %q: %w", name, err)
	}
	return nil
}

// flush makes the newest record survive a loss of power.
func (l ledger) flush(name string) error {
	for _, path := range []string{l.path(name), l.dir} {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("flush the record of component %q: %w", name, err)
		}
		err = errors.Join(file.Sync(), file.Close())
		if err != nil {
			return fmt.Errorf("flush the record of component %q: %w", name, err)
		}
	}
	return nil
}
