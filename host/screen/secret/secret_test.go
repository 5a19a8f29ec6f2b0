package secret

import (
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEntropyOfKnownTexts(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "aaaa": 0, "abab": 1, "abcd": 2} {
		if got := Entropy(text); math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: got %v bits, want %v", text, got, want)
		}
	}
}

func TestFindNamesTheLine(t *testing.T) {
	found := Find("a = 1\n\npassword = \"Tr0ub4dor&3x\"\n")
	if len(found) != 1 || found[0].Line != 3 || strings.Contains(found[0].Text, "Tr0ub") {
		t.Errorf("got %+v, want line 3 without the secret", found)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("token: ghp_x")
	f.Add("url = a://b:c@d")
	f.Fuzz(func(t *testing.T, text string) {
		for _, finding := range Find(text) {
			if finding.Line < 1 || finding.Line > 1+strings.Count(text, "\n") {
				t.Errorf("%q: %+v", text, finding)
			}
		}
	})
}
