package change_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
)

func TestDryRunNamesWhatApplyingWouldRefuse(t *testing.T) {
	h := newHouse(t)
	if err := os.Link(filepath.Join(h.root.Path, "web.conf"), filepath.Join(h.dir, "twin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(h.root.Path, "out")); err != nil {
		t.Fatal(err)
	}
	h.open()
	for path, rule := range map[string]string{"web.conf": "path.hard_link", "out/new": "path.parent"} {
		c := candidate.Single("site", path, []byte("new"))
		dry, err := h.p.DryRun(context.Background(), change.Submission{Candidate: c, By: "uid:0", Origin: record.FromPerson})
		if err != nil || len(dry.Refusals) != 1 || dry.Refusals[0].Rule != rule || dry.Refusals[0].Hint == "" {
			t.Errorf("dry run of %s: got %+v, %v, want %s with a hint", path, dry.Refusals, err, rule)
		}
		if r := h.ended(h.submit(c), record.Refused); len(r.Refusals) != 1 || r.Refusals[0].Rule != rule || r.Backup != "" {
			t.Errorf("%s: got %+v with backup %q, want %s before any backup", path, r.Refusals, r.Backup, rule)
		}
	}
	if m := h.p.Gate().Status(time.Now()).Metrics; m.Attempts != 0 {
		t.Errorf("breaker: got %+v, want refusals uncounted", m)
	}
}

func TestRootIsFreeForWhoeverReadsOfTheEnd(t *testing.T) {
	h := newHouse(t)
	if err := os.Symlink("..", filepath.Join(h.root.Path, "out")); err != nil {
		t.Fatal(err)
	}
	told, goOn := make(chan struct{}), make(chan struct{})
	h.options = func(o *change.Options) {
		o.Changed = func(b record.Record) { // it is called between the writing of the end and the end of the run
			if b.State == record.Refused {
				close(told)
				<-goOn
			}
		}
	}
	h.open()
	release := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(release) // before the house is closed, which waits for the run
	first := h.submit(candidate.Single("site", "out/new", []byte("new")))
	<-told
	h.ended(first, record.Refused)
	dry, err := h.p.DryRun(context.Background(), change.Submission{Candidate: edit("new"), By: "uid:0", Origin: record.FromPerson})
	if err != nil || len(dry.Refusals) > 0 {
		t.Errorf("dry run after the end of another: got %+v, %v, want no refusal", dry.Refusals, err)
	}
	second := h.submit(edit("new"))
	release()
	h.watching(second)
}

func TestCloseDoesNotWaitForAnOwnerThatStaysIll(t *testing.T) {
	h := newHouse(t).open()
	h.watching(h.submit(edit("new")))
	h.p.Close()
	h.world.set(func(w *world) { w.verdict = func(string) record.Verdict { return record.Fail } })
	h.world.answer = time.Hour
	h.early = func(p *change.Pipeline) { p.Begin() }
	h.open()
	h.p.Close() // or the test never ends
	h.wants("web.conf", "old")
}
