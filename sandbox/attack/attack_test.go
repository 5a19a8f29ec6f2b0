package attack_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/internal/modtest"
)

// full measures against the bars, which a loaded machine can miss, and prints the
// table with the control. Without it the outcomes alone are tested.
var full = flag.Bool("attack.full", false, "measure against the bars and run the control")

func TestMain(m *testing.M) {
	sandbox.MaybeWorker()
	maybeControl()
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// all adds the attacks that differ from another in degree, or that take long to
// compile.
var all = flag.Bool("attack.all", false, "run every attack, not one of each kind")

// The bars: how far beyond the deadline an attack may live, how much memory beyond
// the limit it may take, how long the host's ticker may wait.
const (
	barLate   = 50 * time.Millisecond
	barMemory = 64 << 20
	barGap    = 20 * time.Millisecond
)

const workerName = "homeostat-sandbox-worker"

// result is what came of one attack.
type result struct {
	ending  string
	late    time.Duration // beyond the deadline; negative when it ended before
	memory  int64
	gap     time.Duration
	quiet   time.Duration // the ticker's gap just before, without any attack
	touched bool          // something of the scene changed
	escaped string        // what the guest says it got hold of
	message string
}

func TestEveryAttackIsContained(t *testing.T) {
	s := modtest.Sandbox(t)
	var rows []string
	for _, a := range suite() {
		if a.more && !*all && !*full {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			r := best(t, s, a)
			judge(t, a, r)
			rows = append(rows, row(t, a, r))
		})
	}
	if *full {
		printTable(t, rows)
	}
}

// best repeats an attack that misses a bar of time, at most twice: other work on the
// machine makes such figures worse and never better. Outcomes are not repeated.
func best(t *testing.T, s *sandbox.Sandbox, a attack) result {
	t.Helper()
	r := run(t, s, a)
	for i := 0; *full && i < 2 && (r.late > barLate+r.quiet || r.gap > barGap+r.quiet) && expected(a, r) && safe(r) == "safe"; i++ {
		again := run(t, s, a)
		if !expected(a, again) || safe(again) != "safe" {
			return again
		}
		again.late, again.gap, again.quiet = min(r.late, again.late), min(r.gap, again.gap), max(r.quiet, again.quiet)
		again.memory = max(r.memory, again.memory)
		r = again
	}
	return r
}

// run lets one attack loose on a scene of its own. The module is compiled first,
// unless compiling is the attack, so that the deadline is the run's.
func run(t *testing.T, s *sandbox.Sandbox, a attack) result {
	t.Helper()
	place := newScene(t)
	p := sandbox.Program{Name: a.name, Module: a.module(t), Args: a.args, Env: map[string]string{"OUTSIDE": place.dir, "PWD": "/"}}
	v := sandbox.View{Lower: place.root}
	l := limits(a)
	if !a.compile {
		warm := l
		warm.Timeout = time.Millisecond
		_, _ = s.Run(t.Context(), p, warm, v) // what comes of it shows in the run that is measured
	}
	before := place.snapshot(t)
	quiet := quietGap()
	h := watchHost(workerName)
	begun := time.Now()
	report, err := s.Run(t.Context(), p, l, v)
	took := time.Since(begun)
	h.end()
	r := result{memory: h.memory, gap: h.gap, quiet: quiet, touched: place.snapshot(t) != before}
	var refusal *sandbox.Refused
	switch {
	case errors.As(err, &refusal):
		r.ending, r.message = refused, refusal.Error()
		r.late = took - l.CompileTimeout
	case err != nil:
		t.Fatalf("the sandbox itself failed: %v", err)
	default:
		r.ending, r.message, r.late = string(report.Ending), report.Message, report.Wall-l.Timeout
		r.escaped = escapes(report)
	}
	return r
}

// escapes returns what the guest claims to have got hold of.
func escapes(r sandbox.Report) string {
	for _, line := range strings.Split(r.Stdout, "\n") {
		if what, ok := strings.CutPrefix(line, "ESCAPED: "); ok {
			return what
		}
	}
	if r.ExitCode == 3 {
		return "exit 3"
	}
	return ""
}

func judge(t *testing.T, a attack, r result) {
	t.Helper()
	if !expected(a, r) {
		t.Errorf("ended %q (%s), want one of %q", r.ending, r.message, a.endings)
	}
	if r.touched {
		t.Error("the live root or the outside changed")
	}
	if r.escaped != "" {
		t.Errorf("escaped: %s", r.escaped)
	}
	if most := limits(a).Memory + 512<<20; r.memory > most {
		t.Errorf("host memory grew by %d MiB", r.memory>>20)
	}
	if !*full {
		return
	}
	if r.late > barLate+r.quiet {
		t.Errorf("lived %v beyond its deadline, bar %v and %v that the machine was late before", r.late, barLate, r.quiet)
	}
	if most := limits(a).Memory + barMemory; r.memory > most {
		t.Errorf("host memory grew by %d MiB, bar %d MiB", r.memory>>20, most>>20)
	}
	if r.gap > barGap+r.quiet {
		t.Errorf("the host's ticker waited %v, bar %v and %v that it waited before", r.gap, barGap, r.quiet)
	}
}

// expected reports whether the attack ended as it may. Where the bars are measured
// every deadline is short, and being killed at it is as good as any end.
func expected(a attack, r result) bool {
	return slices.Contains(a.endings, r.ending) || (*full && r.ending == string(sandbox.AtDeadline))
}

// row is a line of the table, with the control beside it.
func row(t *testing.T, a attack, r result) string {
	t.Helper()
	line := fmt.Sprintf("%s\t%s\t%+.0f\t%d\t%.1f\t%.1f\t%s\t", a.name, r.ending,
		float64(r.late.Microseconds())/1000, r.memory>>20, float64(r.gap.Microseconds())/1000, float64(r.quiet.Microseconds())/1000, safe(r))
	if *full {
		line += control(t, a)
	}
	return line
}

func safe(r result) string {
	if r.touched || r.escaped != "" {
		return "HARMED"
	}
	return "safe"
}

func printTable(t *testing.T, rows []string) {
	t.Helper()
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "attack\tended\tlate ms\thost MiB\tgap ms\tbefore ms\toutside\tstock wazero fails by")
	for _, line := range rows {
		fmt.Fprintln(w, line)
	}
	must(t, w.Flush())
	fmt.Println(out.String())
}
