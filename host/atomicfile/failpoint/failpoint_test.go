package failpoint_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPointsActAtTheirOperationAlone(t *testing.T) {
	cause, called := errors.New("no more room"), 0
	for name, c := range map[string]struct {
		gate *failpoint.Points
		want [3]error
	}{
		"count": {failpoint.Count(), [3]error{}},
		"fail":  {failpoint.FailAt(2, cause), [3]error{nil, cause, nil}},
		"kill":  {failpoint.KillAt(2), [3]error{nil, failpoint.ErrKilled, failpoint.ErrKilled}},
		"call":  {failpoint.CallAt(2, func() { called++ }), [3]error{}},
		"never": {failpoint.FailAt(4, cause), [3]error{}},
	} {
		for i, want := range c.want {
			if got := c.gate.Enter(atomicfile.Op{Name: "fsync"}); !errors.Is(got, want) || want == nil && got != nil {
				t.Errorf("%s, operation %d: got %v, want %v", name, i+1, got, want)
			}
		}
		if got, want := c.gate.Reached(), name != "never"; got != want || len(c.gate.Seen()) != 3 {
			t.Errorf("%s: got reached %t after %d operations, want %t after 3", name, got, len(c.gate.Seen()), want)
		}
	}
	if called != 1 {
		t.Errorf("got %d calls, want 1", called)
	}
}
