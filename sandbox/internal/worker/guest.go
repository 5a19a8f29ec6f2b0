package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sort"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	wsys "github.com/tetratelabs/wazero/sys"

	"github.com/homeostat/homeostat/sandbox/internal/wire"
	"github.com/homeostat/homeostat/sandbox/view"
)

// pageSize is that of WASM linear memory, in bytes.
const pageSize = 64 << 10

// guest is one module and the machine made for it.
type guest struct {
	job    wire.Job
	opened *wire.Opened
	events *wire.Writer
	module []byte
	stdin  []byte
	budget *budget
	clock  *clock
	fs     *view.FS
}

func newGuest(opened *wire.Opened, events *wire.Writer) (*guest, error) {
	job := opened.Job
	g := &guest{job: job, opened: opened, events: events, clock: &clock{now: job.Clock}, budget: &budget{left: job.Limits.Memory}}
	var err error
	if g.module, err = opened.Blob(job.Module); err != nil {
		return nil, err
	}
	if g.stdin, err = opened.Blob(job.Stdin); err != nil {
		return nil, err
	}
	if job.Mode != wire.Run { // a compiler has no files, a server opens a view for each request
		return g, nil
	}
	return g, g.openView()
}

// openView gives the guest files of its own: the view with an empty scratch folder.
func (g *guest) openView() error {
	candidate, err := g.opened.Candidate()
	if err != nil {
		return err
	}
	g.fs, err = view.New(candidate, view.Options{
		Quota:    view.Quota{Bytes: g.job.Limits.Disk, Files: g.job.Limits.Files, Open: g.job.Limits.Open, Spend: g.budget.spend},
		Now:      g.clock.nano,
		Recorder: g.events,
	})
	return err
}

// source is a module and the folder of its native code, which is filled if empty.
type source struct {
	module []byte
	dir    string
}

// machine is a runtime with the module compiled, mostly from the cache.
type machine struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// machine never uses WithCloseOnContextDone: it made guests 3.5 to 45 times slower
// and still did not stop sleeps, calls and fills. Debug info stays off, because
// reading a guest's DWARF delayed a kill by seconds.
func (g *guest) machine(ctx context.Context, into source) (*machine, error) {
	config := wazero.NewRuntimeConfigCompiler().
		WithDebugInfoEnabled(false).
		WithMemoryLimitPages(uint32(g.job.Limits.Memory / pageSize))
	if into.dir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(into.dir)
		if err != nil {
			return nil, err
		}
		config = config.WithCompilationCache(cache)
	}
	rt := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	compiled, err := rt.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), into.module)
	if err != nil {
		return nil, errors.Join(err, rt.Close(ctx))
	}
	return &machine{runtime: rt, compiled: compiled}, nil
}

// unknownImport names the first thing that the module wants and the sandbox does
// not offer, or returns "".
func unknownImport(c wazero.CompiledModule) string {
	var wanted []string
	for _, f := range c.ImportedFunctions() {
		mod, name, _ := f.Import()
		if mod != wasi_snapshot_preview1.ModuleName {
			wanted = append(wanted, mod+"."+name)
		}
	}
	for _, m := range c.ImportedMemories() {
		mod, name, _ := m.Import()
		wanted = append(wanted, mod+"."+name)
	}
	if len(wanted) == 0 {
		return ""
	}
	sort.Strings(wanted)
	first := wanted[0]
	switch {
	case strings.HasPrefix(first, "wasi:"):
		return "the module imports " + first + ", which is WASI preview 2; build it for wasip1"
	case strings.HasPrefix(first, "wasi_unstable."):
		return "the module imports " + first + ", which is WASI preview 0; build it for wasip1"
	case strings.HasPrefix(first, "wasi."):
		return "the module imports " + first + "; the sandbox offers no threads"
	}
	return "the module imports " + first + ", which the sandbox does not offer; it offers " + wasi_snapshot_preview1.ModuleName + " alone"
}

// outputs are where an instance's stdout and stderr go.
type outputs struct{ stdout, stderr io.Writer }

func (g *guest) config(args []string, stdin []byte, out outputs) wazero.ModuleConfig {
	c := wazero.NewModuleConfig().
		WithName("").
		WithArgs(args...).
		WithStdin(bytes.NewReader(stdin)).
		WithStdout(out.stdout).
		WithStderr(out.stderr).
		WithWalltime(g.clock.wall, wsys.ClockResolution(tick)).
		WithNanotime(g.clock.nano, wsys.ClockResolution(tick)).
		WithNanosleep(g.clock.sleep).
		WithRandSource(randomness(g.job.Seed)).
		WithStartFunctions()
	for _, kv := range g.job.Env {
		name, value, _ := strings.Cut(kv, "=")
		c = c.WithEnv(name, value)
	}
	mounts := wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(g.fs, "/")
	return c.WithFSConfig(mounts)
}

func (g *guest) runOnce(ctx context.Context) wire.End {
	m, err := g.machine(ctx, source{g.module, g.job.CacheDir})
	if err != nil {
		return invalid("%s", firstLines(err.Error(), 1))
	}
	if _, ok := m.compiled.ExportedFunctions()["_start"]; !ok {
		return invalid("the module exports no _start function; build it as a WASI command")
	}
	flooded := func() {
		_ = g.events.End(g.finish(wire.End{Reason: wire.Flooded})) // the process ends either way
		os.Exit(0)
	}
	out := outputs{
		stdout: &capped{to: os.Stdout, left: g.job.Limits.Output, flooded: flooded},
		stderr: &capped{to: os.NewFile(wire.StderrFD, "stderr"), left: g.job.Limits.Output, flooded: flooded},
	}
	_, end := g.call(ctx, m, call{config: g.config(g.job.Args, g.stdin, out), function: "_start"})
	return g.finish(end)
}

// finish adds what is known at the end of a run.
func (g *guest) finish(end wire.End) wire.End {
	end.Memory = g.budget.peak
	end.QuotaHit = g.fs.Quota().Hit()
	return end
}

// prepare returns what a function is handed in its n-th call.
type prepare func(ctx context.Context, mod api.Module, n int) ([]uint64, error)

// call is one use of a fresh instance: so many calls of one function, at least one.
type call struct {
	config   wazero.ModuleConfig
	function string
	prepare  prepare
	times    int
}

// call instantiates the module anew, calls one function and throws the instance
// away. It returns the results of all calls up to the first that went wrong.
func (g *guest) call(ctx context.Context, m *machine, c call) ([]uint64, wire.End) {
	ctx = experimental.WithMemoryAllocator(ctx, g.budget)
	mod, err := m.runtime.InstantiateModule(ctx, m.compiled, c.config)
	if err != nil {
		return nil, ended(err)
	}
	defer mod.Close(ctx) // the instance is done with, whatever closing says
	var results []uint64
	for n := range max(c.times, 1) {
		var params []uint64
		if c.prepare != nil {
			if params, err = c.prepare(ctx, mod, n); err != nil {
				return results, ended(err)
			}
		}
		more, err := mod.ExportedFunction(c.function).Call(ctx, params...)
		if err != nil {
			return results, ended(err)
		}
		results = append(results, more...)
	}
	return results, ended(nil)
}

// ended tells an exit from a trap.
func ended(err error) wire.End {
	var exit *wsys.ExitError
	switch {
	case err == nil:
		return wire.End{Reason: wire.Exited}
	case errors.As(err, &exit):
		return wire.End{Reason: wire.Exited, Exit: int(exit.ExitCode())}
	}
	return wire.End{Reason: wire.Trapped, Message: firstLines(err.Error(), 8)}
}

// firstLines keeps what a person reads of a WASM stack trace.
func firstLines(s string, n int) string {
	const most = 2048
	lines := strings.SplitN(s, "\n", n+1)
	out := strings.Join(lines[:min(n, len(lines))], "\n")
	return strings.ToValidUTF8(out[:min(most, len(out))], "")
}
