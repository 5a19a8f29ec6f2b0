package txn_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/refusal"
)

func (s site) client() worker.Client { return worker.Client{Journals: s.journals} }

func TestWorkerAppliesRecoversAndRollsBack(t *testing.T) {
	s, ctx := newSite(t, t.TempDir()), context.Background()
	before := snapshot(t, s.root)
	if r, err := s.client().Apply(ctx, s.change()); err != nil || r.State != txn.Applied || r.Mark == nil {
		t.Fatalf("apply: got %+v, %v, want applied", r, err)
	}
	rs, err := s.client().Recover(ctx, []string{s.root})
	if err != nil || len(rs) != 1 || rs[0].State != txn.Applied {
		t.Fatalf("recover: got %+v, %v, want the change applied", rs, err)
	}
	if r, err := s.client().Rollback(ctx, "mod_1"); err != nil || r.State != txn.RolledBack {
		t.Fatalf("rollback: got %+v, %v, want rolled back", r, err)
	}
	s.wantFiles("after rollback", before)
	s.wantTidy("after rollback")
}

func TestWorkerErrorsKeepTheirKind(t *testing.T) {
	s, ctx := newSite(t, t.TempDir()), context.Background()
	if _, err := s.client().Confirm(ctx, "none"); !errors.Is(err, txn.ErrUnknown) {
		t.Errorf("confirm of nothing: got %v, want %v", err, txn.ErrUnknown)
	}
	var list refusal.List
	_, err := s.client().Apply(ctx, txn.Change{ID: "x", Root: s.root, Ops: []txn.Op{{Kind: txn.Delete, Path: "../a"}, {Kind: txn.Delete, Path: "/b"}}})
	if !errors.As(err, &list) || len(list) != 2 || list[0].Rule != "path.outside" {
		t.Errorf("apply outside: got %v, want two refusals by path.outside", err)
	}
}

func TestWorkerThatDoesNotAnswerIsAnError(t *testing.T) {
	s := newSite(t, t.TempDir())
	for _, program := range []string{"/bin/true", "/bin/false", "/no/such/program"} {
		c := worker.Client{Command: []string{program}, Journals: s.journals}
		if _, err := c.Apply(context.Background(), s.change()); !errors.Is(err, txn.ErrUnfinished) {
			t.Errorf("%s as a worker: got %v, want %v", program, err, txn.ErrUnfinished)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.client().Apply(ctx, s.change()); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: got %v, want %v", err, context.Canceled)
	}
}

func BenchmarkWorker(b *testing.B) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		b.Skip("needs /proc")
	}
	s, ctx := newSite(b, b.TempDir()), context.Background()
	for b.Loop() {
		if _, err := s.client().Recover(ctx, nil); err != nil {
			b.Fatal(err)
		}
	}
}
