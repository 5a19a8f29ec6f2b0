package plugin

import (
	"context"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// BenchmarkDetect measures the round trip of windows through a live plugin.
// Small is what an event pushes, large what a detection interval brings.
func BenchmarkDetect(b *testing.B) {
	sizes := map[string]sdk.Window{"3x12": grid(3, 12), "20x60": grid(20, 60), "100x600": grid(100, 600)}
	f := &fixture{state: b.TempDir(), log: &syncBuffer{}, news: make(chan struct{}, 1)}
	h, err := New(Options{StateDir: f.state, WriteFile: writeFile, Sink: f.sink, Log: quiet(), Specs: []Spec{beast("mute")}})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close(context.Background())
	if err := h.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, w := range sizes {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := h.Detectors()[0].Detect(b.Context(), w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// grid is a window with a number of signals of a number of samples each.
func grid(signals, samples int) sdk.Window {
	w := sdk.Window{Component: "web", Reason: sdk.ReasonInterval, End: time.Unix(1_700_000_000, 0)}
	for i := range signals {
		s := sdk.Series{Component: "web", Name: "signal_" + string(rune('a'+i%26)), Unit: "percent", Kind: sdk.Gauge}
		for j := range samples {
			s.Times = append(s.Times, w.End.UnixMilli()+int64(1000*j))
			s.Values = append(s.Values, float64(i)*1.1+float64(j)*0.37)
		}
		w.Series = append(w.Series, s)
	}
	return w
}
