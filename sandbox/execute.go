package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/process"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// execution is one worker process from start to end.
type execution struct {
	job     wire.Job
	bundle  *wire.Bundle
	timeout time.Duration
	memory  int64 // bytes
	output  int64 // bytes each of stdout and stderr
}

// held is what the parent holds the process to.
func (e execution) held() process.Limits { return process.Limits{Timeout: e.timeout, Memory: e.memory} }

// start starts a worker and turns the want of a required guard into a refusal.
func start(f process.Files, require []confine.Guard) (*process.Process, error) {
	p, err := process.Start(f, require)
	var lacking *process.Lacking
	if errors.As(err, &lacking) {
		return nil, refuse(lacking.Error(), "allow them to the daemon, or take them out of sandbox.require")
	}
	return p, err
}

// outcome is all that came back from it.
type outcome struct {
	end            *wire.End // nil when the worker never said
	guards         confine.Status
	read, wrote    []string
	refused        []wire.Refusal
	stdout, stderr []byte
	truncated      bool
	crash          string // what the worker's own runtime said
	state          string
	exitCode       int // of the process itself; -1 when a signal ended it
	killed         process.Cause
	protocol       error
	wall, cpu      time.Duration
	resident       int64
}

// maxCrash is how much of a dying worker's words is kept, in bytes.
const maxCrash = 16 << 10

// execute runs one worker to its end. When it returns, the process is reaped and
// every goroutine and descriptor of it is gone.
func (s *Sandbox) execute(ctx context.Context, e execution) (outcome, error) {
	job, err := e.bundle.File(e.job)
	if err != nil {
		return outcome{}, err
	}
	r, f, err := openPipes(job)
	if err != nil {
		return outcome{}, errors.Join(err, job.Close())
	}
	p, err := start(f, e.job.Require)
	if err != nil {
		r.close()
		return outcome{}, err
	}
	out := outcome{}
	var readers sync.WaitGroup
	var stdout, stderr, crash bounded
	readers.Go(func() { stdout.fill(r.stdout, e.output) })
	readers.Go(func() { stderr.fill(r.stderr, e.output) })
	readers.Go(func() { crash.fill(r.crash, max(maxCrash, e.output)) })
	readers.Go(func() { out.listen(r.events, p) })
	watched := process.Watch(ctx, p, e.held())
	<-p.Done
	peak := <-watched
	out.wall = time.Since(p.Begun)
	readers.Wait()
	r.close()
	out.stdout, out.stderr, out.crash = stdout.data, stderr.data, string(crash.data)
	out.truncated = stdout.cut || stderr.cut
	out.settle(p, peak)
	return out, nil
}

// settle adds what is known once the process is reaped.
func (o *outcome) settle(p *process.Process, peak int64) {
	p.Rung.NoteStart(&o.guards)
	o.killed = p.Why()
	o.state = p.State.String()
	o.exitCode = p.State.ExitCode()
	o.cpu = p.State.UserTime() + p.State.SystemTime()
	o.resident = peak
	if o.end != nil {
		o.resident = max(peak, o.end.RSS)
	}
}

// listen takes the worker's events. A worker that does not keep to the protocol is
// killed: it may be the guest's by now.
func (o *outcome) listen(events io.Reader, p *process.Process) {
	err := wire.ReadEvents(events, func(e wire.Event) {
		switch {
		case e.Status != nil:
			o.guards = *e.Status
		case e.Read != "":
			o.read = append(o.read, e.Read)
		case e.Wrote != "":
			o.wrote = append(o.wrote, e.Wrote)
		case e.Refused != nil:
			o.refused = append(o.refused, *e.Refused)
		case e.End != nil:
			o.end = e.End
		}
	})
	if err != nil {
		o.protocol = err
		p.Kill(process.Protocol)
	}
}

// bounded keeps the first bytes of a stream and reads the rest away.
type bounded struct {
	data []byte
	cut  bool
}

func (b *bounded) fill(r io.Reader, most int64) {
	b.data, _ = io.ReadAll(io.LimitReader(r, most)) // a broken pipe ends the stream like any end
	rest, _ := io.Copy(io.Discard, r)
	b.cut = rest > 0
}

// readEnds are the parent's ends of a worker's pipes.
type readEnds struct{ stdout, crash, events, stderr *os.File }

func (r readEnds) close() {
	for _, f := range []*os.File{r.stdout, r.crash, r.events, r.stderr} {
		if f != nil {
			_ = f.Close() // read to the end already
		}
	}
}

func openPipes(job *os.File) (readEnds, process.Files, error) {
	var r readEnds
	f := process.Files{Job: job}
	for _, pipe := range []struct{ read, write **os.File }{
		{&r.stdout, &f.Stdout}, {&r.crash, &f.Crash}, {&r.events, &f.Events}, {&r.stderr, &f.Stderr},
	} {
		var err error
		if *pipe.read, *pipe.write, err = os.Pipe(); err != nil {
			r.close()
			f.Job = nil // the caller's
			f.Close()
			return readEnds{}, process.Files{}, fmt.Errorf("pipes to a sandbox worker: %w", err)
		}
	}
	return r, f, nil
}
