package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// fitnessModule has a fitness that is the first parameter plus the seed plus what
// is left in memory and a global from before: with fresh instances, nothing.
const fitnessModule = `(module (memory (export "memory") 1)
  (global $before (mut f64) (f64.const 0))
  (global $room (mut i32) (i32.const 1024))
  (func (export "alloc") (param $bytes i32) (result i32)
    (global.set $room (i32.add (global.get $room) (local.get $bytes))) (i32.sub (global.get $room) (local.get $bytes)))
  (func (export "fitness") (param $p i32) (param $n i32) (param $seed i64) (result f64)
    (local $r f64)
    (local.set $r (f64.add (f64.add (f64.load (local.get $p)) (f64.convert_i64_u (local.get $seed)))
                           (f64.add (global.get $before) (f64.load (i32.const 8)))))
    (global.set $before (f64.const 1000)) (f64.store (i32.const 8) (f64.const 1000000))
    (local.get $r))
  (func (export "spin") (param i32 i32 i64) (result f64) (loop $l (br $l)) (f64.const 0))
  (func (export "trap") (param i32 i32 i64) (result f64) unreachable)
  (func (export "nan") (param i32 i32 i64) (result f64) (f64.div (f64.const 0) (f64.const 0)))
  (func (export "replay") (param $p i32) (param $n i32) (param $s i32) (param $m i32) (param $seed i64) (result f64)
    (f64.add (f64.mul (f64.load (local.get $p)) (f64.load (i32.add (local.get $s) (i32.shl (i32.sub (local.get $m) (i32.const 1)) (i32.const 3)))))
             (f64.convert_i64_u (local.get $seed))))
  (func (export "odd") (param i32) (result f64) (f64.const 0)))`

func pool(t testing.TB, module string, l sandbox.Limits) *sandbox.Pool {
	t.Helper()
	if l.Timeout == 0 {
		l.Timeout = 5 * time.Minute // not reached on a loaded machine
	}
	p, err := modtest.Sandbox(t).NewPool(t.Context(), sandbox.Program{Module: modtest.WAT(t, module)}, l, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestPoolGivesEveryEvaluationAFreshInstance(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{})
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			r, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: "fitness", Params: []float64{float64(i), 9}, Seed: 3})
			if want := float64(i) + 3; err != nil || r.Value != want || r.Ending != sandbox.Exited {
				t.Errorf("evaluation %d: got %v, %s, %v; want %v", i, r.Value, r.Ending, err, want)
			}
		})
	}
	all.Wait()
}

func TestStreamsShareOneInstanceAndOtherEvaluationsDoNot(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{})
	for range 2 {
		r, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: "fitness", Params: []float64{5}, Streams: []sandbox.Stream{{Seed: 1}, {Seed: 2}}})
		// the second call of the module meets what the first left: 1000 in a global and a million in its memory
		if err != nil || len(r.Values) != 2 || r.Value != 6 || r.Values[0] != 6 || r.Values[1] != 1_001_007 {
			t.Fatalf("got %v, %v, %v; want 6 and 1001007", r.Value, r.Values, err)
		}
	}
}

func TestSeriesIsHandedOverBesideTheParameters(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{})
	e := sandbox.Evaluation{Function: "replay", Params: []float64{3}, Streams: []sandbox.Stream{{Seed: 1, Series: []float64{7, 10}}, {Seed: 2, Series: []float64{4}}}}
	r, err := p.Evaluate(t.Context(), e)
	if err != nil || len(r.Values) != 2 || r.Values[0] != 31 || r.Values[1] != 14 {
		t.Errorf("got %v, %v, %v; want 31 and 14", r.Values, r.Message, err)
	}
	e.Function = "fitness"
	if r, err := p.Evaluate(t.Context(), e); err != nil || r.Ending != sandbox.Trapped || !strings.Contains(r.Message, "signature") {
		t.Errorf("a function without a series: got %s, %q, %v", r.Ending, r.Message, err)
	}
	e.Streams = make([]sandbox.Stream, sandbox.MaxStreams+1)
	var refused *sandbox.Refused
	if _, err := p.Evaluate(t.Context(), e); !errors.As(err, &refused) {
		t.Errorf("too many streams: got %v, want a refusal", err)
	}
}

func TestPoisonedInstanceDoesNotReachTheNext(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{Timeout: 4 * time.Second})
	for function, want := range map[string]sandbox.Ending{"trap": sandbox.Trapped, "spin": sandbox.AtDeadline, "nan": sandbox.Exited} {
		r, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: function})
		if err != nil || r.Ending != want || !math.IsNaN(r.Value) {
			t.Errorf("%s: got %s, %v, %v; want %s and NaN", function, r.Ending, r.Value, err, want)
		}
		r, err = p.Evaluate(t.Context(), sandbox.Evaluation{Function: "fitness", Params: []float64{5}})
		if err != nil || r.Value != 5 {
			t.Errorf("after %s: got %v, %v; want 5", function, r.Value, err)
		}
	}
}

func TestPoolRefusesOtherSignatures(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{})
	_, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: "none"})
	var refused *sandbox.Refused
	if !errors.As(err, &refused) {
		t.Errorf("unknown function: got %v, want a refusal", err)
	}
	r, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: "odd"})
	if err != nil || r.Ending != sandbox.Trapped || !strings.Contains(r.Message, "signature") {
		t.Errorf("odd signature: got %s, %q, %v", r.Ending, r.Message, err)
	}
}

func TestPoolRunsCommandsWithTheirOwnScratch(t *testing.T) {
	// fd 3 is "/": creating out/x exclusively fails when an earlier run left it.
	p := pool(t, command(`(data (i32.const 64) "out/x")
	  (func (export "_start")
	    (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 5) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32))))`), sandbox.Limits{})
	for i := range 10 {
		if r, err := p.Evaluate(t.Context(), sandbox.Evaluation{}); err != nil || r.ExitCode != 0 {
			t.Fatalf("run %d: got exit %d, %v; want 0", i, r.ExitCode, err)
		}
	}
}

func TestFloodingEvaluationIsEndedAndReplaced(t *testing.T) {
	p := pool(t, command(`(func (export "_start") (i32.store (i32.const 4) (i32.const 60000))
	  (loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br $l)))`), sandbox.Limits{Output: 1000})
	for range 3 {
		if r, err := p.Evaluate(t.Context(), sandbox.Evaluation{}); err != nil || r.Ending != sandbox.Flooded {
			t.Fatalf("got %s, %v; want %s", r.Ending, err, sandbox.Flooded)
		}
	}
}

func TestCancelledEvaluationReturnsTheCause(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{Timeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := p.Evaluate(ctx, sandbox.Evaluation{Function: "spin"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want cancelled", err)
	}
}

func TestClosedPoolRefuses(t *testing.T) {
	p := pool(t, fitnessModule, sandbox.Limits{})
	p.Close()
	if _, err := p.Evaluate(t.Context(), sandbox.Evaluation{Function: "fitness"}); !errors.Is(err, sandbox.ErrPoolClosed) {
		t.Fatalf("got %v, want ErrPoolClosed", err)
	}
}

func BenchmarkPooledEvaluation(b *testing.B) {
	p := pool(b, fitnessModule, sandbox.Limits{})
	e := sandbox.Evaluation{Function: "fitness", Params: []float64{1, 2, 3}}
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := p.Evaluate(b.Context(), e); err != nil || r.Value != 1 {
				b.Error(fmt.Sprint(r, err))
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

func TestDifferentialRule(t *testing.T) {
	for _, c := range []struct {
		current, candidate sandbox.Verdict
		want               sandbox.Outcome
	}{
		{sandbox.Pass, sandbox.Pass, sandbox.Allowed}, {sandbox.Fail, sandbox.Pass, sandbox.Allowed}, {sandbox.Inconclusive, sandbox.Pass, sandbox.Allowed},
		{sandbox.Pass, sandbox.Fail, sandbox.Blocked}, {sandbox.Fail, sandbox.Fail, sandbox.Warned}, {sandbox.Inconclusive, sandbox.Fail, sandbox.Undecided},
		{sandbox.Pass, sandbox.Inconclusive, sandbox.Undecided}, {sandbox.Fail, sandbox.Inconclusive, sandbox.Undecided}, {sandbox.Inconclusive, sandbox.Inconclusive, sandbox.Undecided},
	} {
		if got := sandbox.Judge(c.current, c.candidate); got != c.want {
			t.Errorf("%s then %s: got %s, want %s", c.current, c.candidate, got, c.want)
		}
	}
}
