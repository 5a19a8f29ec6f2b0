package pattern

import (
	"regexp"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPatternsAnswerAsRegexpDoes(t *testing.T) {
	const text = `(\w+)=(\d+)`
	p, want := New(text), regexp.MustCompile(text)
	for _, s := range []string{"", "a=1", "no", "x=2 yy=33", "=4"} {
		if got := p.MatchString(s); got != want.MatchString(s) {
			t.Errorf("MatchString(%q): got %v", s, got)
		}
		if got := p.FindString(s); got != want.FindString(s) {
			t.Errorf("FindString(%q): got %q", s, got)
		}
		if got := p.FindStringSubmatch(s); !slices.Equal(got, want.FindStringSubmatch(s)) {
			t.Errorf("FindStringSubmatch(%q): got %q", s, got)
		}
		if got, all := p.FindAllStringSubmatch(s, -1), want.FindAllStringSubmatch(s, -1); !slices.EqualFunc(got, all, slices.Equal[[]string]) {
			t.Errorf("FindAllStringSubmatch(%q): got %q, want %q", s, got, all)
		}
		if got := p.ReplaceAllString(s, "$2"); got != want.ReplaceAllString(s, "$2") {
			t.Errorf("ReplaceAllString(%q): got %q", s, got)
		}
	}
}

func TestPatternIsCompiledOnceByManyCallers(t *testing.T) {
	p := New(`^a`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if !p.MatchString("abc") {
				t.Error("got no match in abc")
			}
		})
	}
	group.Wait()
}

func TestCompileAllNamesAWrongPattern(t *testing.T) {
	if err := CompileAll(); err != nil {
		t.Fatalf("got %v before the wrong one", err)
	}
	New(`(`)
	if err := CompileAll(); err == nil {
		t.Error("got no error for the pattern (")
	}
	all = all[:len(all)-1]
}
