package gotest

import (
	"bufio"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sandbox"
)

// Test is how one test or subtest did.
type Test struct {
	Name    string        `json:"name"`
	Outcome string        `json:"outcome"` // "pass", "fail", "skip"; "unknown" when it never ended
	Elapsed time.Duration `json:"elapsed_ns"`
}

// maxTests bounds the tests read from one binary.
const maxTests = 100_000

// ParseTests reads the output of a test binary run with -test.v=test2json, which
// marks its own lines with 0x16, so that printed text cannot pass for a result. The
// binary is the candidate's: what does not fit is left out. A test that began and
// never ended is "unknown".
func ParseTests(output string) []Test {
	var order []string
	found := map[string]*Test{}
	lines := bufio.NewScanner(strings.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, 0x16)
		if at < 0 {
			continue
		}
		t, ok := parseLine(line[at+1:])
		if !ok {
			continue
		}
		if found[t.Name] == nil {
			if len(order) >= maxTests {
				break
			}
			order = append(order, t.Name)
			found[t.Name] = &t
		} else if t.Outcome != unknown {
			*found[t.Name] = t
		}
	}
	tests := make([]Test, 0, len(order))
	for _, name := range order {
		tests = append(tests, *found[name])
	}
	return tests
}

const unknown = "unknown"

// parseLine reads "=== RUN   Name" and "--- PASS: Name (0.01s)".
func parseLine(line string) (Test, bool) {
	line = strings.TrimLeft(line, " ")
	if name, ok := strings.CutPrefix(line, "=== RUN "); ok {
		name = strings.TrimSpace(name)
		return Test{Name: name, Outcome: unknown}, name != ""
	}
	rest, ok := strings.CutPrefix(line, "--- ")
	if !ok {
		return Test{}, false
	}
	word, rest, ok := strings.Cut(rest, ": ")
	outcome := map[string]string{"PASS": "pass", "FAIL": "fail", "SKIP": "skip"}[word]
	name, seconds, timed := strings.Cut(strings.TrimSuffix(rest, "s)"), " (")
	if !ok || outcome == "" || !timed || name == "" {
		return Test{}, false
	}
	s, err := strconv.ParseFloat(seconds, 64)
	if err != nil || s < 0 || s > 1e6 {
		return Test{}, false
	}
	return Test{Name: name, Outcome: outcome, Elapsed: time.Duration(s * float64(time.Second))}, true
}

func countFailed(tests []Test) int {
	n := 0
	for _, t := range tests {
		if t.Outcome != "pass" && t.Outcome != "skip" {
			n++
		}
	}
	return n
}

// Comparison is the differential rule over the tests of one package.
type Comparison struct {
	Package string          `json:"package"`
	Outcome sandbox.Outcome `json:"outcome"`
	// Broken lists tests that pass now and would not any more.
	Broken    []string `json:"broken,omitempty"`
	Candidate Result   `json:"candidate"`
	// Current is nil when the candidate passed.
	Current *Result `json:"current,omitempty"`
}

// Compare tests the candidate, and where it does not pass, the current tree too. A
// package is blocked when it newly fails, or when one of its tests does: in a package
// that was failing before, the tests that passed still count.
func (r *Runner) Compare(ctx context.Context, s Suite) ([]Comparison, error) {
	candidates, err := r.Run(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []Comparison
	for _, candidate := range candidates {
		c := Comparison{Package: candidate.Package, Outcome: sandbox.Judge(sandbox.Inconclusive, candidate.Verdict), Candidate: candidate}
		if candidate.Verdict != sandbox.Pass {
			now := Suite{View: s.View.Current(), Packages: []string{candidate.Package}, Limits: s.Limits}
			current, err := r.Run(ctx, now)
			if err != nil {
				return nil, err
			}
			c.Current = &current[0]
			c.Outcome = sandbox.Judge(current[0].Verdict, candidate.Verdict)
			c.Broken = broken(current[0].Tests, candidate.Tests)
			if len(c.Broken) > 0 && candidate.Verdict == sandbox.Fail {
				c.Outcome = sandbox.Blocked
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// broken lists what passes in current and fails in candidate. A test that is gone
// is no failure; one that never ended is.
func broken(current, candidate []Test) []string {
	passed := map[string]bool{}
	for _, t := range current {
		passed[t.Name] = t.Outcome == "pass"
	}
	var out []string
	for _, t := range candidate {
		if passed[t.Name] && t.Outcome != "pass" && t.Outcome != "skip" {
			out = append(out, t.Name)
		}
	}
	return out
}
