// Package cases holds the rows of the drill: the twenty ways in which rollbacks have failed elsewhere, faults of the host,
// wrong inputs, and controls that must be noticed.
//
// Each says what is done and what is expected, does it in its lab, and notes what it sees; it decides nothing else. Cases
// share nothing and may run at the same time.
package cases

import (
	"context"
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// Case is one row.
type Case struct {
	// ID is R01 to R20 for an invariant, F and a number for a fault, C and a number for a control.
	ID                   string
	Title, Does, Expects string
	Setup                lab.Setup
	// Control says that what is seen must be wrong, and is to be noticed.
	Control bool
	Run     func(ctx context.Context, l *lab.Lab, s *sight.Sight) error
}

// All returns all rows in their order.
func All() []Case {
	return slices.Concat(watching(), undoing(), people(), backups(), faults(), killing(), wrong(), controls())
}

// Versions of the service's file.
const (
	newer  = "new"
	newest = "newest"
)

// wellVersion is the content of the file of a service that does well.
func wellVersion(version string) string {
	return scratch.Settings{Version: version, Conduct: scratch.Well}.Encode()
}

func well(version string) api.ChangeEdit { return lab.Conduct(version, scratch.Well) }

// oldAgain notes that the file, and what the service has read of it, are the old ones.
func oldAgain(ctx context.Context, l *lab.Lab, s *sight.Sight) {
	s.Is("file", l.Read(scratch.File), wellVersion(lab.Old))
	s.Is("service runs", l.Serves(ctx, lab.Component, lab.Old), lab.Old)
}

// rolledBack waits for the end of a change and notes that it was undone.
func rolledBack(ctx context.Context, l *lab.Lab, s *sight.Sight, id string) (api.Change, error) {
	c, err := l.End(ctx, id)
	if err != nil {
		return c, err
	}
	s.Is("change", c.State, record.RolledBack)
	oldAgain(ctx, l, s)
	return c, nil
}

// watched submits a change and wants it to be watched: a row that does not get so far has shown nothing.
func watched(ctx context.Context, l *lab.Lab, edits ...api.ChangeEdit) (api.Change, error) {
	c, err := l.Submit(ctx, edits...)
	if err == nil && c.State != record.Watching {
		err = fmt.Errorf("the change of the drill is %s and not watched: %s", c.State, c.Why)
	}
	return c, err
}

// nothingArmed notes that no transaction is left that could still undo or redo something.
func nothingArmed(l *lab.Lab, s *sight.Sight) {
	s.Is("journals left", len(l.Journals()), 0)
}

// refused notes that a change was refused by a rule.
func refused(s *sight.Sight, c api.Change, rule string) {
	rules := make([]string, len(c.Refusals))
	for i, r := range c.Refusals {
		rules[i] = r.Rule
	}
	s.Is("change", c.State, record.Refused)
	s.Is(fmt.Sprintf("refused by %v", rules), slices.Contains(rules, rule), true)
}
