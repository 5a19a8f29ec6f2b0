package follow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func split(pieces ...string) []string {
	var s splitter
	var out []string
	for _, p := range pieces {
		s.feed([]byte(p), func(text string, truncated bool) {
			out = append(out, fmt.Sprintf("%d %v %s", len(text), truncated, text[:min(len(text), 8)]))
		})
	}
	return out
}

func TestLinesAreCutAndMadeValid(t *testing.T) {
	cases := map[string]struct {
		pieces []string
		want   []string
	}{
		"pieces":     {[]string{"a", "b\nc", "\n", "d"}, []string{"2 false ab", "1 false c"}},
		"returns":    {[]string{"a\r\nb\r\n"}, []string{"1 false a", "1 false b"}},
		"empty":      {[]string{"\n\n"}, []string{"0 false ", "0 false "}},
		"no UTF-8":   {[]string{"a\xffb\n"}, []string{"5 false a\uFFFDb"}},
		"hole":       {[]string{"\x00\x00\x00a\n"}, []string{"1 false a"}},
		"long":       {[]string{strings.Repeat("x", MaxLine+1), "rest\nnext\n"}, []string{"65536 true xxxxxxxx", "4 false next"}},
		"just fits":  {[]string{strings.Repeat("y", MaxLine) + "\n"}, []string{"65536 false yyyyyyyy"}},
		"long whole": {[]string{strings.Repeat("z", MaxLine+9) + "\nnext\n"}, []string{"65536 true zzzzzzzz", "4 false next"}},
	}
	for name, c := range cases {
		if got := split(c.pieces...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSplittingDoesNotDependOnThePieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.StringOf(rapid.SampledFrom([]rune("ab\n\r\x00ä"))).Draw(t, "data")
		cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
		if whole, parts := split(data), split(data[:cut], data[cut:]); !slices.Equal(whole, parts) {
			t.Fatalf("whole %q, in parts %q", whole, parts)
		}
	})
}

func FuzzLinesAreValidAndBounded(f *testing.F) {
	f.Add([]byte("a\nb\xff\n"))
	f.Add([]byte(strings.Repeat("\xff", MaxLine) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s splitter
		s.feed(data, func(text string, _ bool) {
			if len(text) > MaxLine || !utf8.ValidString(text) || strings.Contains(text, "\n") {
				t.Errorf("got a line of %d bytes, valid %v", len(text), utf8.ValidString(text))
			}
		})
	})
}

func TestRotatedNamesAreRecognised(t *testing.T) {
	for name, want := range map[string]bool{
		"web.log.1": true, "web.log.23": true, "web.log-20260102": true, "web.log.old": true, "web.1.log": true,
		"web-2026-01-02T15-04-05.000.log": true, "web.log.2026-01-02_15:04": true,
		"web.log": false, "web.log.1.gz": false, "web.log.err": false, "web.logs": false, "website.log": false,
		"web-access.log": false, "other.log.1": false, "web.log.swp": false,
	} {
		if got := rotatedName("web.log", name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
