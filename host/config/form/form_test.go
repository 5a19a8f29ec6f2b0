package form

import (
	"encoding"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSizesAndPercentagesAreReadBackAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := Size(rapid.Int64Min(0).Draw(t, "size"))
		var sizeBack Size
		if err := sizeBack.UnmarshalText([]byte(size.String())); err != nil || sizeBack != size {
			t.Errorf("size %s: got %d and %v, want %d", size, sizeBack, err, size)
		}
		percent := Percent(rapid.Float64Range(0, 100).Draw(t, "percent"))
		var percentBack Percent
		if err := percentBack.UnmarshalText([]byte(percent.String())); err != nil || percentBack != percent {
			t.Errorf("percent %s: got %v and %v, want %v", percent, percentBack, err, percent)
		}
	})
}

func TestSizesUseTheLargestWholeUnit(t *testing.T) {
	for size, want := range map[Size]string{0: "0B", 1: "1B", 1024: "1KiB", 1025: "1025B", 256 << 20: "256MiB", 3 << 30: "3GiB"} {
		if got := size.String(); got != want {
			t.Errorf("%d: got %s, want %s", int64(size), got, want)
		}
	}
}

func TestEachFormTakesItsTextAndRefusesOthers(t *testing.T) {
	for _, c := range []struct {
		read    encoding.TextUnmarshaler
		takes   []string
		refuses []string
	}{
		{new(Name), []string{"web", "a-b_9"}, []string{"", "9a", "Web", "a.b", strings.Repeat("a", 64)}},
		{new(Address), []string{"127.0.0.1:80", "[::1]:65535", "localhost:1"}, []string{"", "80", ":80", "a:0", "a:65536", "a b:1"}},
		{new(URL), []string{"http://a/", "https://[::1]:8/x?y"}, []string{"", "a", "ftp://a", "http://", "http://u:p@a/"}},
		{new(Digest), []string{strings.Repeat("0f", 32), strings.Repeat("AB", 32)}, []string{"", "0f", strings.Repeat("0g", 32)}},
		{new(Pattern), []string{"^nginx: (master|worker)"}, []string{"*(", "a{9999}"}},
		{new(Unit), []string{"nginx.service", "getty@tty1.service"}, []string{"", "nginx", "a/b.service", ".service"}},
		{new(StatusRange), []string{"200", "100-599"}, []string{"", "99", "600", "300-200", "2xx", "200-"}},
		{new(Percent), []string{"0%", "100%", "12.5%"}, []string{"", "%", "90", "101%", "-1%", "NaN%"}},
		{new(Size), []string{"0B", "1KiB", "3GiB"}, []string{"", "B", "1", "1MB", "1.5MiB", "-1B", "99999999999GiB"}},
	} {
		for _, text := range c.takes {
			if err := c.read.UnmarshalText([]byte(text)); err != nil {
				t.Errorf("%T %q: got %v, want no error", c.read, text, err)
			}
		}
		for _, text := range c.refuses {
			if err := c.read.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("%T %q: got %v, want an error", c.read, text, c.read)
			}
		}
	}
}

func TestStatusRangesAreShownAsTheyAreWritten(t *testing.T) {
	for _, text := range []string{"200", "200-399"} {
		var r StatusRange
		if err := r.UnmarshalText([]byte(text)); err != nil || fmt.Sprint(r) != text {
			t.Errorf("got %v and %v, want %s", r, err, text)
		}
	}
}
