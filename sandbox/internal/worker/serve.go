package worker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/tetratelabs/wazero/api"

	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// serve answers requests from stdin on stdout until stdin ends. Each request gets
// an instance of its own; only compiled code is shared. A request that floods ends
// the whole worker, and the pool starts another.
func (g *guest) serve(ctx context.Context) wire.End {
	m, err := g.machine(ctx, source{g.module, g.job.CacheDir})
	if err != nil {
		return invalid("%s", firstLines(err.Error(), 1))
	}
	for {
		var req wire.Request
		if err := wire.ReadFrame(os.Stdin, &req); err != nil {
			if errors.Is(err, io.EOF) {
				return wire.End{Reason: wire.Exited}
			}
			return broken(err)
		}
		if err := wire.WriteFrame(os.Stdout, g.evaluate(ctx, m, req)); err != nil {
			return broken(err)
		}
	}
}

func (g *guest) evaluate(ctx context.Context, m *machine, req wire.Request) wire.Answer {
	var stdout, stderr bytes.Buffer
	flooded := func() {
		answer := wire.Answer{End: wire.End{Reason: wire.Flooded}}
		_ = wire.WriteFrame(os.Stdout, answer) // the process ends either way
		_ = g.events.End(answer.End)
		os.Exit(0)
	}
	out := outputs{
		stdout: &capped{to: &stdout, left: g.job.Limits.Output, flooded: flooded},
		stderr: &capped{to: &stderr, left: g.job.Limits.Output, flooded: flooded},
	}
	g.clock.now, g.job.Seed, g.budget.peak = g.opened.Job.Clock, req.Seed, 0
	if err := g.openView(); err != nil {
		return wire.Answer{End: broken(err)}
	}
	defer g.fs.Close() // read-only below: nothing to lose
	args := append([]string{g.job.Args[0]}, req.Args...)
	c := call{config: g.config(args, req.Stdin, out), function: "_start"}
	if req.Function != "" {
		c.function, c.prepare, c.times = req.Function, hand(req), len(req.Streams)
		c.config = c.config.WithStartFunctions("_initialize")
	}
	if _, ok := m.compiled.ExportedFunctions()[c.function]; !ok {
		return wire.Answer{End: invalid("the module exports no function %s", c.function)}
	}
	results, end := g.call(ctx, m, c)
	answer := wire.Answer{End: g.finish(end), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	if req.Function != "" {
		answer.Bits = results
	}
	return answer
}

// hand puts the parameters of a stream into the instance's memory, and its series
// where it has one: it asks the module's alloc for room, writes little-endian
// float64 and hands over address and count of each, and the seed.
func hand(req wire.Request) prepare {
	return func(ctx context.Context, mod api.Module, n int) ([]uint64, error) {
		stream := req.Streams[n]
		lists := [][]float64{req.Params}
		if len(stream.Series) > 0 {
			lists = append(lists, stream.Series)
		}
		if err := signature(mod, req.Function, len(lists)); err != nil {
			return nil, err
		}
		var out []uint64
		for _, list := range lists {
			at, err := write(ctx, mod, list)
			if err != nil {
				return nil, err
			}
			out = append(out, at, uint64(len(list)))
		}
		return append(out, stream.Seed), nil
	}
}

// write puts numbers where the module's alloc says and returns the address.
func write(ctx context.Context, mod api.Module, list []float64) (uint64, error) {
	raw := make([]byte, 0, 8*len(list))
	for _, v := range list {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	at, err := mod.ExportedFunction("alloc").Call(ctx, uint64(len(raw)))
	if err != nil {
		return 0, err
	}
	if !mod.Memory().Write(uint32(at[0]), raw) {
		return 0, fmt.Errorf("alloc(%d) returned %d, which lies outside the module's memory", len(raw), uint32(at[0]))
	}
	return at[0], nil
}

// signature checks the exports that a fitness module needs before they are called:
// wazero panics on wrong counts, and Memory() of none is a typed nil. The function
// takes address and count of so many lists, and a seed.
func signature(mod api.Module, function string, lists int) error {
	if len(mod.ExportedMemoryDefinitions()) == 0 {
		return errors.New("the module exports no memory")
	}
	i32, i64, f64 := api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF64
	takes := append(bytes.Repeat([]api.ValueType{i32}, 2*lists), i64)
	for _, want := range []struct {
		name            string
		params, results []api.ValueType
	}{
		{"alloc", []api.ValueType{i32}, []api.ValueType{i32}},
		{function, takes, []api.ValueType{f64}},
	} {
		f := mod.ExportedFunction(want.name)
		if f == nil {
			return fmt.Errorf("the module exports no function %s", want.name)
		}
		def := f.Definition()
		if !bytes.Equal(def.ParamTypes(), want.params) || !bytes.Equal(def.ResultTypes(), want.results) {
			return fmt.Errorf("the module's %s has another signature than the sandbox calls", want.name)
		}
	}
	return nil
}
