package declared

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckNamesAllProblemsAtOnce(t *testing.T) {
	err := Check([]Spec{{Name: "a", Kind: Command}, {Name: "b", Kind: "magic"}, {Name: "c", Kind: Match, Match: "("}})
	for _, want := range []string{`"a": command:`, `"b": kind:`, `"c": match:`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check: got %v, want it to name %s", err, want)
		}
	}
}

func TestCircleOfDependenciesIsRefused(t *testing.T) {
	circle := []Spec{{Name: "a", DependsOn: []string{"b"}}, {Name: "b", DependsOn: []string{"c"}}, {Name: "c", DependsOn: []string{"a"}}}
	if sorted, err := InOrder(circle); err == nil {
		t.Errorf("InOrder of a circle: got %v without an error", sorted)
	}
}

func TestEveryComponentComesAfterThoseItDependsOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,3}"), 1, 12, rapid.ID).Draw(t, "names")
		var specs []Spec
		for i, name := range names {
			s := Spec{Name: name}
			for _, earlier := range names[:i] {
				if rapid.Bool().Draw(t, "depends") {
					s.DependsOn = append(s.DependsOn, earlier)
				}
			}
			specs = append(specs, s)
		}
		mixed := rapid.Permutation(specs).Draw(t, "mixed")
		sorted, err := InOrder(mixed)
		if err != nil || len(sorted) != len(specs) {
			t.Fatalf("InOrder(%v): got %d specs, %v; want %d", mixed, len(sorted), err, len(specs))
		}
		for i, s := range sorted {
			for _, name := range s.DependsOn {
				if j := slices.IndexFunc(sorted, func(o Spec) bool { return o.Name == name }); j > i {
					t.Fatalf("%q comes before %q, on which it depends", s.Name, name)
				}
			}
		}
	})
}

func TestFingerprintTellsProcessesApartAndIgnoresTheOrderOfAMap(t *testing.T) {
	base := Spec{Command: []string{"a", "b"}, Dir: "/d", Env: map[string]string{"X": "1", "Y": "2", "Z": "3"}}
	for range 20 {
		again := base
		again.Env = map[string]string{"Z": "3", "Y": "2", "X": "1"}
		if base.Fingerprint() != again.Fingerprint() {
			t.Fatal("the same spec has two fingerprints")
		}
	}
	for name, other := range map[string]Spec{
		"arguments": {Command: []string{"a", "c"}, Dir: "/d", Env: base.Env},
		"folder":    {Command: base.Command, Dir: "/e", Env: base.Env},
		"user":      {Command: base.Command, Dir: "/d", Env: base.Env, User: "u"},
		"variable":  {Command: base.Command, Dir: "/d", Env: map[string]string{"X": "2", "Y": "2", "Z": "3"}},
	} {
		if other.Fingerprint() == base.Fingerprint() {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	probes := base
	probes.StopTimeout = 5
	if probes.Fingerprint() != base.Fingerprint() {
		t.Error("what does not change the process changes its fingerprint")
	}
}
