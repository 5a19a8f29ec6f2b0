package span

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDaysAndWeeksAreReadBesideWhatGoReads(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 30 * Day, "2w": 2 * Week, "1d12h": 36 * time.Hour, "1w2d3h4m5.5s": 9*Day + 3*time.Hour + 4*time.Minute + 5500*time.Millisecond,
		"1.5d": 36 * time.Hour, ".5w": 84 * time.Hour, "0d": 0, "-1d": -Day, "+2d": 2 * Day, "0": 0, "90s": 90 * time.Second, "12h1d": 36 * time.Hour,
		"1d1us": Day + time.Microsecond, "1d1µs": Day + time.Microsecond,
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q): got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoLengthOfTimeIsRefusedWithItsForm(t *testing.T) {
	for text, says := range map[string]string{
		"": "no number", "-": "no number", "d": "no number", ".d": "no number", "7": "7 has no unit", "1d7": "7 has no unit",
		"five days": "no number", "5 d": `5 d is none`, "5D": "5D is none", "5days": "5days is none", "5mo": "5mo is none", "1y": "1y is none",
		"--1d": "no number", "1d-2h": "1d- is none", "1.2.3d": "1.2.3d is none", "1e9d": "1e is none",
		"106752d": "292 years", "106751d1d": "292 years", "99999999999999999999w": "none", "NaNd": "no number", "infd": "no number",
		strings.Repeat("9d", 1000) + "x": "9d9d…",
	} {
		got, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasSuffix(err.Error(), Form) || len(err.Error()) > 300 {
			t.Errorf("Parse(%.20q): got %v, %v; want an error that says %q and the form", text, got, err, says)
		}
	}
}

func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, d := rapid.IntRange(0, 1000).Draw(t, "weeks"), rapid.IntRange(0, 1000).Draw(t, "days")
		rest := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "rest"))
		text := fmt.Sprintf("%dw%dd%s", w, d, rest)
		if got, err := Parse(text); err != nil || got != time.Duration(w)*Week+time.Duration(d)*Day+rest {
			t.Fatalf("Parse(%q): got %v, %v", text, got, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"30d", "1w2d", "-1.5d", "90s", "", "1d-1h", "106751d23h47m16s", "9223372036854775807ns", "-2562047h47m16.854775808s", ".d", "0d0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		plain, goes := time.ParseDuration(text)
		switch {
		case goes == nil && (err != nil || got != plain):
			t.Errorf("Parse(%q): got %v, %v; Go reads %v", text, got, err, plain)
		case err != nil && got != 0:
			t.Errorf("Parse(%q): got %v with error %v, want 0", text, got, err)
		case err == nil && goes != nil && !strings.ContainsAny(text, "dw"):
			t.Errorf("Parse(%q): got %v, which Go does not read, and it has no day or week", text, got)
		case err == nil && (got < 0) && !strings.HasPrefix(text, "-"):
			t.Errorf("Parse(%q): got %v from a text without a minus", text, got)
		}
		if back, err := Parse(got.String()); err != nil || back != got {
			t.Errorf("Parse(%q) is %v, which is read back as %v, %v", text, got, back, err)
		}
	})
}
