// Package sandbox runs WASM programs where they can do no harm: in a re-executed
// worker process without network, rights or a way to write, over a copy-on-write
// view of a folder, under limits, with a deadline that holds.
//
// It owns the worker processes, the compile cache, the limits and the verdict of a
// run. It knows nothing of changes, roots or config files: callers hand it a
// program, limits and a view. What it promises is that no check touches the live
// tree, the network or the host, and that a hanging, flooding or bombing check is
// dead soon after its deadline. It does not prove that a change is good.
//
// A Sandbox is safe for concurrent use; every run has a process of its own. The
// main of any binary that uses it calls MaybeWorker first.
package sandbox

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/cache"
	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/husk"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
	"github.com/homeostat/homeostat/sandbox/internal/worker"
	"github.com/homeostat/homeostat/sandbox/view"
)

// MaybeWorker returns at once, unless this process was started as a worker of a
// sandbox: then it does the worker's job and exits. Call it first in main, and in
// TestMain of every package whose tests use a sandbox.
func MaybeWorker() { worker.Main() }

const (
	// dataSlack is what RLIMIT_DATA leaves beyond the memory limit: Go reserves its
	// heap in writable pieces of 64 MiB of which it uses little. What is really used
	// is bounded by the parent's watch.
	dataSlack = 512 << 20
	// descriptorSlack is what the worker itself needs.
	descriptorSlack = 64
	// maxCode bounds one file of compiled code, in bytes.
	maxCode = 1 << 30
)

// View is what a guest sees; see package view.
type View = view.View

// Staged is one edit of a View; see package view.
type Staged = view.Staged

// Guard names one layer of confinement around a worker.
type Guard = confine.Guard

// ParseGuards checks the names of the config key sandbox.require.
func ParseGuards(names []string) ([]Guard, error) { return confine.ParseGuards(names) }

// Settings says where a Sandbox keeps compiled code.
type Settings struct {
	// CacheDir is the folder of compiled modules, made if absent, 0700. Its bytes
	// are run, so nobody else may own or write it.
	CacheDir string
	// CacheBytes bounds that folder; 0 means 512 MiB.
	CacheBytes int64
	// Progress, when set, is told while a module is compiled for the first time.
	// It is called from a goroutine that ends with that compile, and must return soon.
	Progress func(Progress)
}

// Progress is the state of a first compile.
type Progress struct {
	Program string
	Bytes   int // of the module
	Elapsed time.Duration
	Done    bool
}

// Sandbox runs programs. Open makes one.
type Sandbox struct {
	cache    *cache.Cache
	progress func(Progress)
}

// Open prepares the compile cache. It refuses a cache folder that others could
// write.
func Open(s Settings) (*Sandbox, error) {
	c, err := cache.Open(s.CacheDir, s.CacheBytes)
	if err != nil {
		return nil, err
	}
	progress := s.Progress
	if progress == nil {
		progress = func(Progress) {}
	}
	return &Sandbox{cache: c, progress: progress}, nil
}

// Run runs the program once over the view and reports what it did. The error is a
// *Refused when nothing was run because the program, the limits or the view are
// wrong or a required guard is missing, and another error when the sandbox itself
// could not work. Everything else, from exit 0 to a kill at the deadline, is a
// Report. The files that the guest wrote vanish with it.
func (s *Sandbox) Run(ctx context.Context, p Program, l Limits, v View) (Report, error) {
	j, err := s.prepare(ctx, request{program: p, limits: l, view: v})
	if err != nil {
		return Report{}, err
	}
	out, err := s.execute(ctx, j.execution(wire.Run))
	if err != nil {
		return Report{}, err
	}
	return j.report(out)
}

// request is what a caller asked for.
type request struct {
	program Program
	limits  Limits
	view    View
}

// prepared is a request that was checked, with its module compiled.
type prepared struct {
	request
	module  []byte
	sum     string
	code    string // folder of the compiled module
	compile time.Duration
}

func (s *Sandbox) prepare(ctx context.Context, r request) (*prepared, error) {
	r.limits = r.limits.withDefaults()
	if err := r.limits.check(); err != nil {
		return nil, err
	}
	module, sum, err := r.program.load()
	if err != nil {
		return nil, err
	}
	if r.view, err = r.view.Load(); err != nil {
		return nil, refuse(err.Error(), "stage the change again and retry")
	}
	p := &prepared{request: r, module: module, sum: sum}
	begun := time.Now()
	code, fresh, err := s.compiled(ctx, p)
	if err != nil {
		return nil, err
	}
	if fresh {
		p.compile = time.Since(begun)
	}
	p.code = code
	return p, nil
}

// execution describes the worker process for p.
func (p *prepared) execution(mode wire.Mode) execution {
	l := p.limits
	policy := confine.Policy{
		Read:       []string{p.code},
		Calls:      confine.GuestCalls,
		Data:       uint64(l.Memory) + dataSlack,
		OpenFiles:  uint64(l.OpenFiles + l.Files + descriptorSlack),
		CPUSeconds: cpuSeconds(l.Timeout),
	}
	if p.view.Lower != "" {
		policy.Read = append(policy.Read, p.view.Lower)
	}
	var b wire.Bundle
	job := wire.Job{
		Mode: mode, Module: b.Add(husk.Of(p.module)), Stdin: b.Add(p.program.Stdin),
		Args: append([]string{p.program.name()}, p.program.Args...), Env: p.program.environment(),
		Seed: p.program.Seed, Clock: p.program.clock().UnixNano(),
		Limits:   wire.Limits{Memory: l.Memory, Output: l.Output, Disk: l.Disk, Files: l.Files, Open: l.OpenFiles},
		View:     p.view,
		CacheDir: p.code, Policy: policy, Require: l.Require,
	}
	for _, staged := range p.view.Staged {
		job.Staged = append(job.Staged, b.Add(staged.Data))
	}
	return execution{job: job, bundle: &b, timeout: l.Timeout, memory: l.Memory, output: l.Output}
}

// cpuSeconds is a second line behind the deadline, for a host whose daemon is
// stopped: whole seconds, on every processor.
func cpuSeconds(timeout time.Duration) uint64 {
	return uint64(timeout/time.Second+1) * uint64(runtime.NumCPU()+1)
}

// compiled returns the folder with the module's native code, and whether it had to
// be made now.
func (s *Sandbox) compiled(ctx context.Context, p *prepared) (dir string, fresh bool, err error) {
	defer s.cache.Lock(p.sum)()
	if dir, ok := s.cache.Find(p.sum); ok {
		return dir, false, nil
	}
	dir, err = s.cache.Add(p.sum, func(into string) error { return s.compile(ctx, p, into) })
	return dir, true, err
}

// compile runs the compiler in a worker of its own. Workers that run guests only
// read compiled code; if one of them was taken over, it could not leave code behind
// for the next.
func (s *Sandbox) compile(ctx context.Context, p *prepared, into string) error {
	l := p.limits
	var b wire.Bundle
	job := wire.Job{
		Mode: wire.Compile, Module: b.Add(p.module), Husk: b.Add(husk.Of(p.module)), CacheDir: into,
		Limits: wire.Limits{Memory: l.CompileMemory},
		Policy: confine.Policy{
			Write: []string{into}, Calls: confine.CompileCalls,
			Data: uint64(l.CompileMemory) + dataSlack, FileSize: maxCode,
			OpenFiles: descriptorSlack, CPUSeconds: cpuSeconds(l.CompileTimeout),
		},
		Require: l.Require,
	}
	e := execution{job: job, bundle: &b, timeout: l.CompileTimeout, memory: l.CompileMemory, output: 0}
	stop := s.tell(p)
	out, err := s.execute(ctx, e)
	stop()
	if err != nil {
		return err
	}
	if out.end != nil && out.end.Reason == wire.Compiled {
		return fileUnderHusk(into)
	}
	if err := p.refusal(out); err != nil {
		return err
	}
	why := out.describe(e)
	return refuse(fmt.Sprintf("compile %s (%d bytes): %s", p.program.name(), len(p.module), why),
		"a module this costly to compile is refused; raise the compile limits if you trust it")
}

// tell reports progress until the returned function is called.
func (s *Sandbox) tell(p *prepared) (stop func()) {
	const every = 500 * time.Millisecond
	state := Progress{Program: p.program.name(), Bytes: len(p.module)}
	begun := time.Now()
	quit, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			s.progress(state)
			select {
			case <-tick.C:
				state.Elapsed = time.Since(begun)
			case <-quit:
				state.Elapsed, state.Done = time.Since(begun), true
				s.progress(state)
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-stopped
	}
}
