package loghub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-logs/logs"
	"github.com/homeostat/homeostat/plugins/detector-logs/record"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

// repeats is how often all lines are read for the speed.
const repeats = 20

// speed measures lines a second of processor time, of the grouping and of the
// whole detector, and the memory that ever new lines take.
func speed(systems []system) ([]table.Row, error) {
	var lines []string
	for _, s := range systems {
		lines = append(lines, s.raw...)
	}
	m := template.New()
	grouping := perSecond(len(lines)*repeats, func() {
		for range repeats {
			for _, line := range lines {
				m.Add(record.Parse(line).Message)
			}
		}
	})
	var failed error
	whole := perSecond(len(lines)*repeats, func() { failed = detect(systems) })
	return []table.Row{
		{Set: name, What: "lines a second a core: header, masks and template", Got: grouping, Bar: 300_000, Want: table.AtLeast, Reference: "Drain3 39 k with masks, 136 k without"},
		{Set: name, What: "lines a second a core: the whole detector, signatures included", Got: whole},
		{Set: name, What: "MB of memory after 500,000 lines of random words", Got: memory()},
	}, failed
}

// detect lets a detector judge the lines of all systems in windows of a
// thousand.
func detect(systems []system) error {
	var c logs.Config
	if problems := settings.Decode(nil, &c); len(problems) > 0 {
		return fmt.Errorf("take the defaults: %v", problems)
	}
	d, err := logs.New(c, sdk.Env{})
	if err != nil {
		return err
	}
	const size = 1000
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	for range repeats {
		for _, s := range systems {
			for lines := range slices.Chunk(s.raw, size) {
				w := sdk.Window{Component: s.name, Start: now, End: now.Add(time.Second)}
				now = w.End
				for _, line := range lines {
					w.Logs = append(w.Logs, sdk.LogLine{Time: now, Component: s.name, Text: line})
				}
				if _, err := d.Detect(context.Background(), w); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// perSecond is how many things a second of processor time makes; the time that
// other programs take does not count.
func perSecond(n int, f func()) float64 {
	runtime.GC()
	begun := processorTime()
	f()
	return float64(n) / (processorTime() - begun).Seconds()
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is how many megabytes a Miner holds that has seen half a million lines
// of random words, none like another.
func memory() float64 {
	before := heap()
	m := template.New()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500_000 {
		var b strings.Builder
		for range 6 + r.IntN(6) {
			for range 3 + r.IntN(5) {
				b.WriteByte(byte('g' + r.IntN(20)))
			}
			b.WriteByte(' ')
		}
		m.Add(b.String())
	}
	mb := (heap() - before) / (1 << 20)
	runtime.KeepAlive(m)
	return mb
}

func heap() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}
