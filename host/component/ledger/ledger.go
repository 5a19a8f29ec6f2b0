// Package ledger owns what the host remembers of a component's processes beyond its own life: one small file for each,
// replaced at every step, so that after a kill at any instant the next daemon knows what the last one was doing.
//
// Concurrency: one writer for each component at a time; different components are independent.
package ledger

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

// Phase is what the daemon was doing with a process when it last wrote. It is what lets the next daemon go on after a
// kill at any instant.
type Phase string

// The phases.
const (
	// Idle: nothing of ours runs.
	Idle Phase = ""
	// Launching: a process with the instance's mark may or may not exist.
	Launching Phase = "launching"
	// Running: the main process runs.
	Running Phase = "running"
	// Ending: it is being stopped, for good.
	Ending Phase = "ending"
	// Restarting: it is being stopped in order to start another.
	Restarting Phase = "restarting"
)

// Record is what survives the daemon: one file for each component.
type Record struct {
	Phase Phase `json:"phase"`
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
	LastExit   *LastExit    `json:"last_exit,omitempty"`
	Grace      grace.Starts `json:"grace"`
	// Fingerprint is of the spec from which the process was started.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// LastExit is how the newest process ended, and when that was seen.
type LastExit struct {
	process.Exit
	At time.Time `json:"at"`
}

// startsKept bounds the memory of starts.
const startsKept = 50

// Started notes a start by the host.
func (r *Record) Started(at time.Time) {
	r.Starts = append(r.Starts, at)
	if over := len(r.Starts) - startsKept; over > 0 {
		r.Starts = r.Starts[over:]
	}
}

// Ledger keeps the records in a folder. A record is replaced by renaming, so a kill at any instant leaves the old one or
// the new one. It is not flushed to the disk on every step, because what it says of processes ends with the power anyway,
// and a restart must not wait for a busy disk; Flush is for what a person decided.
type Ledger struct{ Dir string }

func (l Ledger) path(name string) string { return filepath.Join(l.Dir, name+".json") }

// Load returns the record of a component, a fresh one when there is none, and an error when there is one that cannot be
// read.
func (l Ledger) Load(name string) (Record, error) {
	b, err := os.ReadFile(l.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	var r Record
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return Record{}, fmt.Errorf("read the record of component %q: %w", name, err)
	}
	return r, nil
}

// Save replaces the record of a component. It survives the end of the daemon, not at once that of the power.
func (l Ledger) Save(name string, r Record) error {
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

// Flush makes the newest record survive a loss of power.
func (l Ledger) Flush(name string) error {
	for _, path := range []string{l.path(name), l.Dir} {
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
