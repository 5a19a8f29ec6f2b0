package choice

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLeastInvasiveComesFirstAndThePersonLast(t *testing.T) {
	got := Fixed{}.Order(Question{Ready: []string{"hand_over", "zeal", "genetic", "restart", "abc", "revert", "reconfigure", "isolate"}})
	want := []string{"revert", "restart", "isolate", "reconfigure", "genetic", "abc", "zeal", "hand_over"}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestOperatorsLadderIsTakenAsItIs(t *testing.T) {
	want := []string{"genetic", "restart"}
	if got := (Fixed{}).Order(Question{Ladder: want, Ready: []string{"restart", "revert"}}); !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestRestIsOverAtItsEnd(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	q := Question{Incident: sdk.Incident{Now: now}, Resting: map[string]time.Time{"a": now, "b": now.Add(time.Second)}}
	if !q.Rest("a").IsZero() || !q.Rest("c").IsZero() || !q.Rest("b").Equal(now.Add(time.Second)) {
		t.Errorf("rests %v, %v, %v; want only b to rest", q.Rest("a"), q.Rest("b"), q.Rest("c"))
	}
}
