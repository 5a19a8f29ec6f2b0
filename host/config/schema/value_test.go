package schema

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsAreReadBackAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Min(0).Draw(t, "duration"))
		if back, err := parseDuration(formatDuration(d)); err != nil || back != d {
			t.Errorf("duration %s: got %d and %v, want %d", formatDuration(d), back, err, d)
		}
	})
}

func TestDurationsAreWrittenWithoutEmptyUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Second: "1m30s", 0: "0s", 168 * time.Hour: "168h",
		time.Hour + time.Second: "1h0m1s", 10 * time.Second: "10s", 100 * time.Millisecond: "100ms",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%d ns: got %s, want %s", d, got, want)
		}
	}
}

func TestDidYouMeanPrefersTheClosest(t *testing.T) {
	known := []string{"interval", "timeout", "max_latency", "type"}
	for word, want := range map[string]string{
		"intreval": `did you mean "interval"?`, "Timeout": `did you mean "timeout"?`, "tpye": `did you mean "type"?`,
		"max": `did you mean "max_latency"?`, "quarantine": "known here: interval, timeout, max_latency, type",
	} {
		if got := DidYouMean(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("anything", nil); got != "" {
		t.Errorf("nothing known: got %q, want no hint", got)
	}
}

func TestDistanceIsAMetricOfEdits(t *testing.T) {
	word := rapid.StringMatching(`[a-d]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Errorf("distance of %q and %q: got %d and %d back", a, b, d, distance(b, a))
		}
	})
}
