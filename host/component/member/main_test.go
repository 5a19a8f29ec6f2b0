package member

import (
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The life of a member is tested with real processes in package component. Here are tests of what needs none.

// alone returns a member that has no peers and runs nothing.
func alone(t *testing.T, name string, peers map[string]*Member) *Member {
	t.Helper()
	m := New(Home{
		Log: hclog.NewNullLogger(), Ledger: ledger.Ledger{Dir: t.TempDir()}, Output: t.TempDir(), Mark: MarkKey + "=test/", Life: t.Context(),
		Emit: func(Event) {}, Step: func(string) {}, Asked: func(string) string { return "" },
		Peer: func(name string) (*Member, bool) { m, ok := peers[name]; return m, ok },
	}, declared.Spec{Name: name, Kind: declared.Command, Command: []string{"/bin/true"}, StartTimeout: 200 * time.Millisecond})
	t.Cleanup(func() {
		if err := m.Leave(t.Context()); err != nil {
			t.Errorf("Leave: %v", err)
		}
	})
	return m
}

func TestWaitForADependencyEndsWhenItIsUpOrDownOrItsGraceIsOver(t *testing.T) {
	for _, state := range []State{IsUp, IsDown, IsStopped, IsStarting} {
		store := alone(t, "store", nil)
		web := alone(t, "web", map[string]*Member{"store": store})
		began := time.Now()
		waited := make(chan struct{})
		go func() {
			defer close(waited)
			web.awaitDependencies(t.Context(), []string{"store", "unknown"})
		}()
		store.settle(state, "")
		<-waited
		if took := time.Since(began); state == IsStarting && took < store.Spec().StartWithin() {
			t.Errorf("wait for a dependency that never gets ready: got %v, want its grace of %v", took, store.Spec().StartWithin())
		}
	}
}
