package txn_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn"
)

// labelled is the change of a site with what others read in its journal.
func (s site) labelled() txn.Change {
	c := s.change()
	c.Label, c.Watch = txn.LabelSelf, time.Minute
	return c
}

func TestPendingTellsAnAppliedChangeByItsJournalAlone(t *testing.T) {
	s := newSite(t, t.TempDir())
	if _, err := s.engine(nil).Apply(s.labelled()); err != nil {
		t.Fatal(err)
	}
	list, err := s.engine(nil).Pending()
	if err != nil || len(list) != 1 {
		t.Fatalf("got %+v, %v, want one change", list, err)
	}
	p := list[0]
	if p.ID != "mod_1" || p.Label != txn.LabelSelf || p.Watch != time.Minute || p.Applied == nil || p.Applied.BootID == "" || len(p.Paths) == 0 {
		t.Errorf("got %+v, want mod_1 with its label, its watch and its mark", p)
	}
	if _, err := s.engine(nil).Confirm("mod_1"); err != nil {
		t.Fatal(err)
	}
	if list, err = s.engine(nil).Pending(); err != nil || len(list) != 0 {
		t.Errorf("after the confirmation: got %+v, %v, want none", list, err)
	}
}

func TestPendingTellsAChangeThatWasKilledHalfwayAndLeavesIt(t *testing.T) {
	s := newSite(t, t.TempDir())
	count := failpoint.Count()
	if _, err := s.engine(count).Apply(s.labelled()); err != nil {
		t.Fatal(err)
	}
	s = newSite(t, t.TempDir())
	killed := false
	for at := len(count.Seen()); at > 0 && !killed; at-- {
		s = newSite(t, t.TempDir())
		_, _ = s.engine(failpoint.KillAt(at)).Apply(s.labelled())
		list, err := s.engine(nil).Pending()
		if err != nil {
			t.Fatal(err)
		}
		killed = len(list) == 1 && list[0].Applied == nil
	}
	if !killed {
		t.Fatal("no kill left a journal without its mark")
	}
	if _, err := s.engine(nil).Recover([]string{s.root}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.engine(nil).Pending(); err != nil || len(list) != 0 {
		t.Errorf("after recovery: got %+v, %v, want none", list, err)
	}
}

func TestPendingLeavesOutADamagedJournalAndAFolderThatIsMissing(t *testing.T) {
	s := newSite(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(s.journals, "mod_9.0.journal"), []byte("{}\nnot its sum\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.journals, filepath.Join(s.journals, "missing")} {
		if list, err := (txn.Engine{Journals: dir}).Pending(); err != nil || len(list) != 0 {
			t.Errorf("%s: got %+v, %v, want none", dir, list, err)
		}
	}
}
