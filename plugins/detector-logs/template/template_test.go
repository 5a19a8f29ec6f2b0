package template

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ids(m *Miner, lines ...string) []ID {
	out := make([]ID, len(lines))
	for i, line := range lines {
		out[i] = m.Add(line).ID
	}
	for i := range out {
		out[i] = m.Settled(out[i])
	}
	return out
}

func TestNamesBecomeAPlaceAndStatesDoNot(t *testing.T) {
	m := New()
	got := ids(m, "session opened for user cyrus by now", "session opened for user news by now",
		"VM Paused (Lifecycle Event) for it", "VM Resumed (Lifecycle Event) for it", "VM Stopped (Lifecycle Event) for it")
	if got[0] != got[1] {
		t.Errorf("two users have templates %d and %d, want one", got[0], got[1])
	}
	if got[2] == got[3] || got[3] == got[4] || got[2] == got[4] {
		t.Errorf("three states have templates %v, want three", got[2:])
	}
	if text, _ := m.Template(got[0]); text.Text != "session opened for user <*> by now" {
		t.Errorf("the text is %q", text.Text)
	}
}

func TestManyNamesInFrontBecomeAPlace(t *testing.T) {
	m := New()
	var lines []string
	for _, name := range strings.Fields("alpha beta gamma delta epsilon zeta eta theta") {
		lines = append(lines, name+" lost its connection to upstream")
	}
	got := ids(m, lines...)
	for _, id := range got {
		if id != got[0] {
			t.Fatalf("templates %v, want one", got)
		}
	}
	if text, _ := m.Template(got[0]); text.Count != 8 || text.Text != "<*> lost its connection to upstream" {
		t.Errorf("got %d lines of %q", text.Count, text.Text)
	}
}

func TestTextOfDifferentLengthBecomesAPlace(t *testing.T) {
	m := New()
	var last Match
	for i := range 30 {
		title := strings.Repeat(string(rune('a'+i))+"x ", 1+i%3)
		last = m.Add("playing the title " + title + "from the long list")
	}
	if m.Len() > 2 || last.New {
		t.Errorf("%d templates for titles of one to three words, want at most 2", m.Len())
	}
}

func TestNewIsSaidOnce(t *testing.T) {
	m := New()
	if a, b := m.Add("one thing happened"), m.Add("one thing happened"); !a.New || b.New || b.Count != 2 {
		t.Errorf("got %+v, then %+v", a, b)
	}
	if got := m.Add("   "); got != (Match{}) {
		t.Errorf("an empty line has %+v, want nothing", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := New()
	for i := range 3 * MaxShapes {
		m.Add(strings.Repeat(fmt.Sprintf("w%cx ", 'a'+i%26), 1+i%7) + letters(i) + " " + letters(i*7919))
	}
	if len(m.byID) > MaxTemplates || len(m.shapes) > MaxShapes || m.age.Len() != len(m.byID) || m.shapeAge.Len() != len(m.shapes) {
		t.Errorf("%d templates and %d shapes", len(m.byID), len(m.shapes))
	}
	if len(m.slots.young) > maxSlots || len(m.mergedTo) > MaxTemplates {
		t.Errorf("%d slots, %d merged", len(m.slots.young), len(m.mergedTo))
	}
}

func letters(n int) string {
	b := []byte("q")
	for ; n > 0; n /= 26 {
		b = append(b, byte('a'+n%26))
	}
	return string(b)
}

var words = rapid.SampledFrom(strings.Fields("a b c user root open close for the in 1 2 host x y z"))

func lineOf(rt *rapid.T) string {
	return strings.Join(rapid.SliceOfN(words, 0, 8).Draw(rt, "line"), " ")
}

func TestARestoredMinerGoesOnLikeTheFirst(t *testing.T) {
	m := New()
	for i := range 300 {
		m.Add(fmt.Sprintf("%s took the %s from user %s", letters(i%9), letters(i%4), letters(i)))
	}
	heir, err := Restore(m.State(MaxTemplates))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(heir.State(MaxTemplates), m.State(MaxTemplates)) {
		t.Error("the heir's state differs")
	}
	for i := range 300 {
		line := fmt.Sprintf("%s took the %s from user %s", letters(i%11), letters(i%5), letters(i*3))
		if a, b := m.Add(line), heir.Add(line); a != b {
			t.Fatalf("%q: %+v, the heir says %+v", line, a, b)
		}
	}
}

func TestRestoreRefusesWhatCannotBe(t *testing.T) {
	for name, s := range map[string]State{
		"no number":      {Last: 1, Templates: []Saved{{Tokens: make([]byte, 8)}}},
		"future":         {Last: 1, Templates: []Saved{{ID: 2, Tokens: make([]byte, 8)}}},
		"no tokens":      {Last: 1, Templates: []Saved{{ID: 1}}},
		"half a token":   {Last: 1, Templates: []Saved{{ID: 1, Tokens: make([]byte, 7)}}},
		"the same twice": {Last: 1, Templates: []Saved{{ID: 1, Tokens: make([]byte, 8)}, {ID: 1, Tokens: make([]byte, 8)}}},
	} {
		if _, err := Restore(s); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

// TestCountsAddUp holds the books together: whatever is merged or repeated,
// each line with words belongs to one living template.
func TestCountsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := New()
		n := uint64(0)
		var seen []ID
		for range rapid.IntRange(1, 200).Draw(rt, "lines") {
			if match := m.Add(lineOf(rt)); match.ID != 0 {
				n++
				seen = append(seen, match.ID)
			}
		}
		sum := uint64(0)
		for _, t := range m.byID {
			sum += t.Count
		}
		if sum != n {
			rt.Fatalf("%d lines, the templates count %d", n, sum)
		}
		for _, id := range seen {
			if _, ok := m.Template(id); !ok {
				rt.Fatalf("template %d is lost", id)
			}
		}
	})
}

func FuzzAdd(f *testing.F) {
	f.Add("user a opened the file\nuser b opened the file\nuser c opened the file")
	f.Add(strings.Repeat("a ", 200) + "\n\xff\xfe\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		a, b := New(), New()
		for line := range strings.SplitSeq(text, "\n") {
			if x, y := a.Add(line), b.Add(line); x != y {
				t.Fatalf("%q: %+v and %+v", line, x, y)
			}
		}
		if _, err := Restore(a.State(10)); err != nil {
			t.Fatal(err)
		}
	})
}
