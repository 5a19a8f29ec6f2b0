// Package eprover runs Debian's theorem prover E on one problem under limits and
// says what came of it. It owns the command line, the process and the reading of
// its verdict; it keeps nothing and knows of no service.
//
// A Prover does not change and is safe for use by several goroutines. The process
// dies with the thread of the goroutine that runs it, so that no prover outlives
// its engine, however that ends.
package eprover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Verdict says how a run ended.
type Verdict string

// The verdicts.
const (
	Proved      Verdict = "proved"        // the conjecture follows from the axioms
	Refuted     Verdict = "refuted"       // it does not
	TimedOut    Verdict = "timed out"     // the time limit was reached
	OutOfMemory Verdict = "out of memory" // the memory limit was reached
	Failed      Verdict = "failed"        // anything else, such as a problem that cannot be read
)

// Limits bound one run.
type Limits struct {
	// Seconds of CPU time, at least 1.
	Seconds int
	// Memory is in MiB, at least 1. The prover itself needs 3.
	Memory int
}

// Outcome is what came of one run.
type Outcome struct {
	Verdict Verdict
	// CPU is the processor time that was spent, Peak the most memory, in MiB.
	CPU  time.Duration
	Peak float64
	// Said is the status that the prover gave (SZS), or why there is none.
	Said string
}

// Prover is the program. Find is the only way to one.
type Prover struct{ path string }

// Find looks for the program in PATH, then in /usr/bin and /bin, where a
// daemon's short PATH may not lead.
func Find() (*Prover, error) {
	for _, name := range []string{"eprover", "/usr/bin/eprover", "/bin/eprover"} {
		if path, err := exec.LookPath(name); err == nil {
			path, err = filepath.Abs(path)
			return &Prover{path}, err
		}
	}
	return nil, errors.New("look for eprover in PATH and /usr/bin: it is not there; apt-get install eprover brings it")
}

const (
	// patience is how much longer than its CPU time a run may take by the clock, on
	// a machine that is shared; then it counts as timed out.
	patience = 5
	// mostSaid bounds what is kept of the output, in bytes; the verdict is at its
	// beginning.
	mostSaid = 64 << 10
	// niceness lets everything else on the machine go first, health pages above all.
	niceness = 5
	// waitDelay bounds the wait for the output of a killed prover.
	waitDelay = 2 * time.Second
)

// Run tries to prove the problem in file. An error says that the prover could not
// be run at all, or that ctx ended; a problem that it cannot read is an Outcome.
func (p *Prover) Run(ctx context.Context, file string, h Heuristic, l Limits) (Outcome, error) {
	args, err := h.options()
	if err != nil {
		return Outcome{}, err
	}
	if l.Seconds < 1 || l.Memory < 1 {
		return Outcome{}, fmt.Errorf("run eprover on %s: want at least 1 second and 1 MiB, got %d and %d", file, l.Seconds, l.Memory)
	}
	limited, cancel := context.WithTimeout(ctx, patience*time.Duration(l.Seconds)*time.Second)
	defer cancel()
	args = append(args, "--silent", fmt.Sprintf("--cpu-limit=%d", l.Seconds), fmt.Sprintf("--memory-limit=%d", l.Memory), file)
	cmd := exec.CommandContext(limited, p.path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = waitDelay
	said := &head{most: mostSaid}
	cmd.Stdout, cmd.Stderr = said, said
	runtime.LockOSThread() // Pdeathsig goes by the thread that started the child
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return Outcome{}, fmt.Errorf("run eprover on %s: %w", file, err)
	}
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, niceness) // a courtesy, not a must
	_ = cmd.Wait()                                                           // the verdict is in what it said; its exit codes say less
	if ctx.Err() != nil {
		return Outcome{}, ctx.Err()
	}
	out := judge(said.String())
	if limited.Err() != nil {
		out = Outcome{Verdict: TimedOut, Said: "killed: no end in sight"}
	}
	out.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		const kibi = 1024
		out.Peak = float64(usage.Maxrss) / kibi
	}
	return out, nil
}

// status is the line of the SZS ontology, in which provers tell their verdicts.
var status = regexp.MustCompile(`(?m)^# SZS status ([A-Za-z]{1,40})`)

// judge reads the verdict in what the prover said.
func judge(said string) Outcome {
	szs := ""
	if m := status.FindStringSubmatch(said); m != nil {
		szs = m[1]
	}
	switch szs {
	case "Theorem", "Unsatisfiable", "ContradictoryAxioms":
		return Outcome{Verdict: Proved, Said: szs}
	case "CounterSatisfiable", "Satisfiable":
		return Outcome{Verdict: Refuted, Said: szs}
	}
	switch {
	case strings.Contains(said, "exceeded (memory)"), strings.Contains(said, "Out of Memory"):
		return Outcome{Verdict: OutOfMemory, Said: szs}
	case strings.Contains(said, "exceeded (time)"), strings.Contains(said, "time limit exceeded"):
		return Outcome{Verdict: TimedOut, Said: szs}
	}
	const most = 200
	text := strings.Join(strings.Fields(said), " ")
	return Outcome{Verdict: Failed, Said: strconv.Quote(text[:min(len(text), most)])}
}

// head keeps the beginning of what is written to it.
type head struct {
	bytes.Buffer
	most int
}

// Write never fails: the rest is dropped.
func (h *head) Write(b []byte) (int, error) {
	_, _ = h.Buffer.Write(b[:min(len(b), max(0, h.most-h.Len()))]) // a Buffer's Write returns no error
	return len(b), nil
}
