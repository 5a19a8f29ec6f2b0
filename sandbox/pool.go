package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/process"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// Evaluation is one short run in a Pool.
type Evaluation struct {
	// Function, when set, is an export fitness(ptr i32, n i32, seed i64) f64. The
	// parameters are written where the module's alloc(bytes i32) i32 says, as
	// little-endian float64. Otherwise _start runs with Args and Stdin.
	Function string
	Params   []float64
	Args     []string
	Stdin    []byte
	// Seed decides the guest's random bytes and is handed to Function: common random
	// numbers are the same Seed for every candidate.
	Seed uint64
	// Streams, when set, are handed to Function instead of Seed, one call each, in
	// their order and on the one instance of the evaluation: starting a Go program
	// takes longer than most of what a model computes.
	Streams []Stream
}

// Stream is what one call of an Evaluation's Function is given beside Params.
type Stream struct {
	Seed uint64
	// Series, when not empty, makes the export one of
	// (ptr i32, n i32, series i32, length i32, seed i64) f64.
	Series []float64
}

// MaxStreams is the most Streams that one Evaluation may have.
const MaxStreams = 1000

// Result is what one Evaluation gave.
type Result struct {
	// Value is Function's answer, the first where there are several; NaN when there
	// is none.
	Value float64
	// Values are all answers, as many as there are Streams when all went well.
	Values   []float64
	Ending   Ending
	ExitCode int
	Message  string
	Stdout   string
	Stderr   string
	Wall     time.Duration
	Memory   int64 // peak linear memory, bytes
}

// Pool evaluates one program many times: in workers that keep the compiled code and
// give every evaluation an instance of its own, with fresh memory, globals, files,
// clock and random bytes. A worker that misses a deadline, floods or dies is thrown
// away with all that its guest may have left, and replaced.
//
// A Pool is safe for concurrent use; as many evaluations run at once as it has
// workers. Close ends it.
type Pool struct {
	sandbox *Sandbox
	job     *prepared
	idle    chan *server // nil stands for a worker not started yet
	size    int
	closing sync.Once
	closed  chan struct{}
}

// ErrPoolClosed is the error of an Evaluation after Close.
var ErrPoolClosed = errors.New("sandbox pool: closed")

// NewPool prepares a pool of workers for p under l. l.Timeout bounds each
// evaluation, starting a worker included; with Streams it is for each of them.
// Wrong input is a *Refused.
func (s *Sandbox) NewPool(ctx context.Context, p Program, l Limits, workers int) (*Pool, error) {
	if workers < 1 || workers > 256 {
		return nil, refuse(fmt.Sprintf("pool of %d workers, out of range", workers), "give 1 to 256")
	}
	j, err := s.prepare(ctx, request{program: p, limits: l})
	if err != nil {
		return nil, err
	}
	pool := &Pool{sandbox: s, job: j, idle: make(chan *server, workers), size: workers, closed: make(chan struct{})}
	for range workers {
		pool.idle <- nil
	}
	return pool, nil
}

// Evaluate runs e on a fresh instance. What the guest did wrong is in the Result;
// the error is ctx's, ErrPoolClosed, a *Refused for a module without the function,
// or the sandbox's own.
func (p *Pool) Evaluate(ctx context.Context, e Evaluation) (Result, error) {
	if len(e.Streams) > MaxStreams {
		return Result{}, refuse(fmt.Sprintf("evaluation of %d streams", len(e.Streams)), fmt.Sprintf("give at most %d", MaxStreams))
	}
	var w *server
	select {
	case w = <-p.idle:
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-p.closed:
		return Result{}, ErrPoolClosed
	}
	defer func() { p.idle <- w }()
	select {
	case <-p.closed:
		return Result{}, ErrPoolClosed
	default:
	}
	begun := time.Now()
	if w == nil {
		var err error
		if w, err = p.start(); err != nil {
			return Result{}, err
		}
	}
	answer, err := w.ask(ctx, e, p.job.limits.Timeout*time.Duration(max(1, len(e.Streams))))
	result, poisoned, err := p.result(w, answer, err)
	result.Wall = time.Since(begun)
	if poisoned {
		w = nil
	}
	return result, err
}

// Close waits for running evaluations and ends every worker.
func (p *Pool) Close() {
	p.closing.Do(func() {
		close(p.closed)
		for range p.size {
			if w := <-p.idle; w != nil {
				w.end(process.Cancel)
			}
		}
	})
}

// result turns an answer, or the lack of one, into a Result. A poisoned worker has
// ended when it returns.
func (p *Pool) result(w *server, a wire.Answer, err error) (r Result, poisoned bool, _ error) {
	r = Result{Value: math.NaN(), Stdout: string(a.Stdout), Stderr: string(a.Stderr), Memory: a.End.Memory}
	if err != nil {
		w.end(process.Protocol)
		out := w.outcome()
		r.Ending, r.ExitCode = out.ending()
		r.Message = out.describe(p.job.execution(wire.Serve))
		if r.Ending == Cancelled {
			return r, true, context.Cause(w.asked)
		}
		return r, true, nil
	}
	if a.End.Reason == wire.Invalid {
		return r, false, refuse(p.job.program.name()+": "+a.End.Message, "see sandbox.Evaluation for what a module must export")
	}
	out := outcome{end: &a.End}
	r.Ending, r.ExitCode = out.ending()
	if r.Ending != Exited {
		r.Message = out.describe(p.job.execution(wire.Serve))
	} else if a.End.Exit == 0 && len(a.Bits) > 0 {
		r.Value = math.Float64frombits(a.Bits[0])
	}
	for _, bits := range a.Bits {
		r.Values = append(r.Values, math.Float64frombits(bits))
	}
	if a.End.Reason == wire.Flooded {
		w.end(process.Cancel) // it is ending by itself
		return r, true, nil
	}
	return r, false, nil
}

// server is a worker that answers one request at a time. Only the Evaluate that
// took it from the pool uses it.
type server struct {
	worker  *process.Process
	to      *os.File
	from    *bufio.Reader
	ends    readEnds
	readers sync.WaitGroup
	crash   bounded
	stderr  bounded
	events  outcome
	watched <-chan int64
	asked   context.Context // of the request under way, for its cause alone
}

// start makes a worker. It lives until the pool throws it away.
func (p *Pool) start() (*server, error) {
	e := p.job.execution(wire.Serve)
	e.job.Policy.CPUSeconds = uint64(math.MaxInt32) // the pool's deadlines are per request
	job, err := e.bundle.File(e.job)
	if err != nil {
		return nil, err
	}
	ends, f, err := openPipes(job)
	if err != nil {
		return nil, errors.Join(err, job.Close())
	}
	var to *os.File
	if f.Stdin, to, err = os.Pipe(); err != nil {
		ends.close()
		f.Close()
		return nil, fmt.Errorf("pipes to a sandbox worker: %w", err)
	}
	worker, err := start(f, e.job.Require)
	if err != nil {
		ends.close()
		return nil, errors.Join(err, to.Close())
	}
	w := &server{worker: worker, to: to, from: bufio.NewReader(ends.stdout), ends: ends}
	w.readers.Go(func() { w.crash.fill(ends.crash, maxCrash) })
	w.readers.Go(func() { w.stderr.fill(ends.stderr, 0) })
	w.readers.Go(func() { w.events.listen(ends.events, worker) })
	e.timeout = math.MaxInt64
	w.watched = process.Watch(context.Background(), worker, e.held())
	return w, nil
}

// ask sends one request and waits for its answer, at most timeout.
func (w *server) ask(ctx context.Context, e Evaluation, timeout time.Duration) (wire.Answer, error) {
	w.asked = ctx
	deadline := time.AfterFunc(timeout, func() { w.worker.Kill(process.Deadline) })
	defer deadline.Stop()
	stop := context.AfterFunc(ctx, func() { w.worker.Kill(process.Cancel) })
	defer stop()
	var a wire.Answer
	req := wire.Request{Function: e.Function, Params: e.Params, Args: e.Args, Stdin: e.Stdin, Seed: e.Seed}
	for _, s := range e.Streams {
		req.Streams = append(req.Streams, wire.Stream(s))
	}
	if len(req.Streams) == 0 && e.Function != "" {
		req.Streams = []wire.Stream{{Seed: e.Seed}}
	}
	if err := wire.WriteFrame(w.to, req); err != nil {
		return a, err
	}
	err := wire.ReadFrame(w.from, &a)
	return a, err
}

// end kills the worker, if it still lives, and waits until nothing of it is left.
func (w *server) end(why process.Cause) {
	w.worker.Kill(why)
	<-w.worker.Done
	<-w.watched
	w.readers.Wait()
	w.ends.close()
	_ = w.to.Close() // nobody reads it any more
}

// outcome says how the worker ended; only after end.
func (w *server) outcome() outcome {
	out := w.events
	out.crash = string(w.crash.data)
	out.settle(w.worker, 0)
	return out
}
