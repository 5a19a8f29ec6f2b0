package logs

import (
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

func BenchmarkDetect(b *testing.B) {
	bench := newBench(b, "")
	var windows []sdk.Window
	for range 64 {
		w := sdk.Window{Component: "web"}
		for len(w.Logs) < 1000 {
			for _, line := range bench.ordinary() {
				w.Logs = append(w.Logs, sdk.LogLine{Component: "web", Text: line})
			}
		}
		windows = append(windows, w)
	}
	b.ReportAllocs()
	lines := 0
	for i := 0; b.Loop(); i++ {
		w := windows[i%len(windows)]
		w.Start, w.End = bench.now, bench.now.Add(step)
		bench.now = w.End
		if _, err := bench.d.Detect(b.Context(), w); err != nil {
			b.Fatal(err)
		}
		lines += len(w.Logs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(lines), "ns/line")
}
