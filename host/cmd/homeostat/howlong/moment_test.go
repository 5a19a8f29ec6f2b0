package howlong

import (
	"testing"
	"time"
)

func TestMomentIsAgoOrWhen(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"36h":                  now.Add(-36 * time.Hour),
		"7d":                   now.AddDate(0, 0, -7),
		"2026-03-09T10:11:12Z": time.Date(2026, 3, 9, 10, 11, 12, 0, time.UTC),
		"2026-03-09":           time.Date(2026, 3, 9, 0, 0, 0, 0, time.Local),
		"2026-03-09 10:11":     time.Date(2026, 3, 9, 10, 11, 0, 0, time.Local),
		"2026-03-09T10:11":     time.Date(2026, 3, 9, 10, 11, 0, 0, time.Local),
	} {
		var m Moment
		if err := m.Set(text); err != nil || !m.Before(now).Equal(want) || m.String() != text {
			t.Errorf("%s: got %v (%s), %v, want %v", text, m.Before(now), m.String(), err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-3h", "0s", "2026-13-01", "2026-03-09 25:00", "7"} {
		var m Moment
		if err := m.Set(text); err == nil || !m.Before(now).IsZero() {
			t.Errorf("%q was taken as %v", text, m.Before(now))
		}
	}
}
