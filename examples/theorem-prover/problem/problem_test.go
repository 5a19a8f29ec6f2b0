package problem

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestShippedProblemsAreOfFiveFamilies(t *testing.T) {
	all, err := Load(filepath.Join("..", "problems"))
	if err != nil {
		t.Fatal(err)
	}
	if families := Families(all); len(families) != 5 || len(all) < 30 {
		t.Errorf("got %d problems of %v, want at least 30 of five families", len(all), families)
	}
	seen := map[string]string{}
	for _, p := range all {
		if other, twice := seen[p.Hash]; twice || len(p.Hash) != 64 {
			t.Errorf("%s: hash %s, which is also that of %q", p.Name, p.Hash, other)
		}
		seen[p.Hash] = p.Name
	}
}

func TestFoldersThatMakeNoSenseAreRefused(t *testing.T) {
	for name, file := range map[string]string{"no family": "alone.p", "no problem": "a-b.txt"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := Load(dir); err == nil {
			t.Errorf("%s: got %v", name, all)
		}
	}
	large := t.TempDir()
	if err := os.WriteFile(filepath.Join(large, "a-b.p"), make([]byte, maxBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := Load(large); err == nil {
		t.Errorf("too large a problem: got %v", all)
	}
}

// library is problems of three families.
func library() []Problem {
	var all []Problem
	for _, name := range []string{"a-1", "a-2", "a-3", "b-1", "c-1", "c-2"} {
		all = append(all, Problem{Name: name, Family: name[:1]})
	}
	return all
}

func TestDemandsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, d := range map[string]Demand{
		"nothing": {}, "only zeros": {"a": 0}, "unknown": {"z": 1}, "negative": {"a": -1, "b": 3}, "too much": {"a": maxShare + 1},
	} {
		if _, err := NewRota(library(), d); err == nil {
			t.Errorf("%s: %v was taken", name, d)
		}
	}
}

func TestRotaGivesEachFamilyItsShareAndEachProblemItsTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.IntRange(0, 9)
		d := Demand{"a": share.Draw(t, "a"), "b": share.Draw(t, "b"), "c": 1 + share.Draw(t, "c")}
		r, err := NewRota(library(), d)
		if err != nil {
			t.Fatal(err)
		}
		sum := d["a"] + d["b"] + d["c"]
		families, problems := map[string]int{}, map[string]int{}
		const rounds = 6 // as many as give each problem of a family the same number of turns
		for range rounds * sum {
			p := r.Next()
			families[p.Family]++
			problems[p.Name]++
		}
		for family, want := range d {
			if families[family] != rounds*want {
				t.Fatalf("demand %v: %s had %d turns of %d, want %d", d, family, families[family], rounds*sum, rounds*want)
			}
		}
		for _, pair := range [][2]string{{"a-1", "a-3"}, {"c-1", "c-2"}} {
			if problems[pair[0]] != problems[pair[1]] {
				t.Fatalf("demand %v: turns %v, want as many for %s as for %s", d, problems, pair[0], pair[1])
			}
		}
	})
}
