package txn

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// LabelSelf is the label of a change of the daemon's own files, by which its guard knows it.
const LabelSelf = "self"

// Pending is a change that can still be undone, as its journal tells.
type Pending struct {
	ID, Root, Label string
	// Paths are what it touches, relative to Root.
	Paths []string
	// Watch is that of the change.
	Watch time.Duration
	// Applied says when all of it was applied; nil while it is not, or is being undone.
	Applied *Mark
}

// Pending reads what is not confirmed. It changes nothing, takes no lock and opens no root, so that it may look while
// another process is at work: what it tells may be over by the time it is read. A journal that is damaged is left out, as
// nothing can be known of it; Recover reports it.
func (e Engine) Pending() ([]Pending, error) {
	found, err := e.list()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Pending
	for _, at := range found {
		data, err := os.ReadFile(e.journalPath(at.id, at.attempts))
		if err != nil {
			continue // it has just ended, or counts an attempt
		}
		j, err := decodeJournal(data)
		if err != nil || j.ID != at.id || exists(e.markPath(at.id, confirmedSuffix)) {
			continue
		}
		p := Pending{ID: at.id, Root: j.Root, Label: j.Label, Watch: j.Watch, Paths: j.result("", nil).Paths}
		if exists(e.markPath(at.id, appliedSuffix)) {
			if p.Applied, err = e.readMark(at.id); err != nil {
				p.Applied = &Mark{}
			}
		}
		list = append(list, p)
	}
	return list, nil
}
