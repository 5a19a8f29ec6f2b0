package record

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/change/txn"
)

// Undone tells what became of a change while there was no daemon.
type Undone struct {
	Why string
	// Problem says what kept it from being undone; empty when the files are old again.
	Problem   string
	At        time.Time
	Conflicts []txn.Conflict
}

// Noted returns the record with what the note of its id says, if there is one. A note is later than any decision in the
// record, and so overrules it.
func (r Record) Noted(notes map[string]Undone) Record {
	n, ok := notes[r.ID]
	if !ok {
		return r
	}
	r.Decision, r.Why, r.ConfirmedBy = RollBack, n.Why, ""
	r.Conflicts = append(slices.Clone(r.Conflicts), n.Conflicts...)
	if r.Applied == nil {
		r.Applied = &n.At // it was, or there would have been nothing to undo
	}
	return r
}
