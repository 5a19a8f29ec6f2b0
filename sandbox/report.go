package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/process"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// Verdict is what a check says of a candidate.
type Verdict string

// The verdicts. No data is Inconclusive, never Pass.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// Ending says how a run ended.
type Ending string

// The endings.
const (
	Exited      Ending = "exited"       // by itself, with ExitCode
	Trapped     Ending = "trapped"      // it did what WASM forbids
	AtDeadline  Ending = "deadline"     // killed at Limits.Timeout
	OutOfMemory Ending = "memory"       // killed for more memory than Limits.Memory
	Flooded     Ending = "output"       // ended at Limits.Output
	Cancelled   Ending = "cancelled"    // the caller's context ended
	Crashed     Ending = "worker crash" // the worker process died of something else
)

// Report is what one run did. Times and sizes vary from run to run; all else is
// decided by the input and the seed.
type Report struct {
	Program string  `json:"program"`
	SHA256  string  `json:"sha256"` // of the module
	Verdict Verdict `json:"verdict"`
	Ending  Ending  `json:"ending"`
	// ExitCode is the guest's, 124 at the deadline and 125 for any other ending that
	// was not the guest's own.
	ExitCode int `json:"exit_code"`
	// Message says in one sentence what happened, when it was not a plain exit.
	Message string `json:"message,omitempty"`
	// Stdout and Stderr hold what the guest wrote, cut at Limits.Output; Truncated
	// marks that there was more.
	Stdout    string `json:"stdout,omitempty"`
	Stderr    string `json:"stderr,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	// Findings are the JSON lines of stdout that follow the contract of checks.
	Findings []Finding `json:"findings,omitempty"`

	Wall    time.Duration `json:"wall_ns"`
	CPU     time.Duration `json:"cpu_ns"`     // of the worker
	Compile time.Duration `json:"compile_ns"` // 0 when the cache had the module
	// Memory is the guest's peak of linear memory, Resident that of its process, in
	// bytes.
	Memory   int64 `json:"memory"`
	Resident int64 `json:"resident"`

	// Read, Wrote and Refused list paths of the view in order of first use, at most
	// 4,096 together; Dropped counts the rest.
	Read    []string  `json:"read,omitempty"`
	Wrote   []string  `json:"wrote,omitempty"`
	Refused []Refusal `json:"refused,omitempty"`
	Dropped int       `json:"dropped,omitempty"`
	// QuotaHit tells that a quota refused the guest something; a failing exit is
	// then Inconclusive.
	QuotaHit bool `json:"quota_hit,omitempty"`

	// Guards tells which layers of confinement stood and which could not be had.
	Guards confine.Status `json:"guards"`
}

// Refusal is one thing that the guest asked for and did not get.
type Refusal = wire.Refusal

// exitDeadline and exitOther are the codes for endings that are not the guest's.
const (
	exitDeadline = 124
	exitOther    = 125
)

// refusal returns the error for an outcome in which nothing of the guest ran.
func (p *prepared) refusal(out outcome) error {
	if out.end == nil {
		return nil
	}
	switch out.end.Reason {
	case wire.Invalid:
		return refuse(p.program.name()+": "+out.end.Message, "build it as a WASI preview 1 command, within the memory limit")
	case wire.Lacking:
		return refuse("required guards are missing: "+out.end.Message, "allow them to the daemon, or take them out of sandbox.require")
	}
	return nil
}

func (p *prepared) report(out outcome) (Report, error) {
	if err := p.refusal(out); err != nil {
		return Report{}, err
	}
	r := Report{
		Program: p.program.name(), SHA256: p.sum,
		Stdout: string(out.stdout), Stderr: string(out.stderr), Truncated: out.truncated,
		Wall: out.wall, CPU: out.cpu, Compile: p.compile, Resident: out.resident,
		Read: out.read, Wrote: out.wrote, Refused: out.refused, Guards: out.guards,
	}
	r.Ending, r.ExitCode = out.ending()
	if r.Ending != Exited {
		r.Message = out.describe(p.execution(wire.Run))
	}
	if out.end != nil {
		r.Memory, r.QuotaHit, r.Dropped = out.end.Memory, out.end.QuotaHit, out.end.Dropped
		r.Truncated = r.Truncated || out.end.Reason == wire.Flooded
	}
	r.Verdict = judge(r.Ending, r.ExitCode, r.QuotaHit)
	r.Findings = ParseFindings(out.stdout)
	return r, nil
}

// judge follows the contract of checks: 0 passes, 1 fails, and anything else, from
// exit 2 to a kill, says nothing about the candidate. A failure after a refused
// write may be the quota's, not the candidate's.
func judge(e Ending, code int, quotaHit bool) Verdict {
	switch {
	case e == Exited && code == 0:
		return Pass
	case e == Exited && code == 1 && !quotaHit:
		return Fail
	}
	return Inconclusive
}

// ending classifies how the worker ended.
func (o outcome) ending() (Ending, int) {
	switch {
	case o.killed == process.Deadline:
		return AtDeadline, exitDeadline
	case o.killed == process.Memory, o.diedOfMemory():
		return OutOfMemory, exitOther
	case o.killed == process.Cancel:
		return Cancelled, exitOther
	case o.end == nil, o.protocol != nil:
		return Crashed, exitOther
	}
	switch o.end.Reason {
	case wire.Exited:
		return Exited, o.end.Exit
	case wire.Trapped:
		return Trapped, exitOther
	case wire.Flooded:
		return Flooded, exitOther
	}
	return Crashed, exitOther
}

// diedOfMemory recognises the Go runtime's own words when RLIMIT_DATA stopped it.
func (o outcome) diedOfMemory() bool {
	return o.end == nil && (strings.Contains(o.crash, "out of memory") || strings.Contains(o.crash, "cannot allocate memory"))
}

// describe says in one sentence how the worker ended.
func (o outcome) describe(e execution) string {
	switch ending, _ := o.ending(); ending {
	case AtDeadline:
		return fmt.Sprintf("killed at the deadline of %s", e.timeout)
	case OutOfMemory:
		return fmt.Sprintf("killed for more memory than %d MiB", e.memory>>20)
	case Cancelled:
		return "cancelled by the caller"
	case Flooded:
		return fmt.Sprintf("ended for more output than %d bytes", e.output)
	case Trapped:
		return o.end.Message
	case Exited:
		return fmt.Sprintf("exited with %d", o.end.Exit)
	}
	switch {
	case o.protocol != nil:
		return o.protocol.Error()
	case o.end != nil:
		return o.end.Message
	}
	return "the worker died without a word: " + o.state + "; " + firstLine(o.crash)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
