package candidate

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFolderBringsChecksThatAreNoFilesOfTheRoot(t *testing.T) {
	module := []byte("\x00asm a module")
	folder := fstest.MapFS{
		"a.conf":        {Data: []byte("a")},
		"checks/c.wasm": {Data: module},
		ManifestName:    {Data: []byte("[[check]]\nfile = \"checks/c.wasm\"\nsha256 = \"" + Sum(module) + "\"\nargs = [\"--max\"]\n")},
	}
	c, err := Read(folder)
	if err != nil || len(c.Edits) != 1 || c.Edits[0].Path != "a.conf" {
		t.Fatalf("got %+v, %v, want a.conf alone to be written", c.Edits, err)
	}
	if len(c.Checks) != 1 || string(c.Checks[0].Module) != string(module) || c.Checks[0].Args[0] != "--max" {
		t.Errorf("got %+v, want the check with its module", c.Checks)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(data); err != nil || len(again.Checks) != 1 || string(again.Checks[0].Module) != string(module) {
		t.Errorf("there and back: got %+v, %v", again.Checks, err)
	}
}

func TestChecksAreNotWhatIsAskedFor(t *testing.T) {
	plain := Single("site", "a", []byte("x"))
	with := plain
	with.Checks = []Check{{Name: "c", SHA256: Sum(nil)}}
	if plain.Key() != with.Key() {
		t.Error("a check makes it another change: a rejected one could be tried again under it")
	}
}

func TestWrongChecksAreRefused(t *testing.T) {
	many := make([]Check, MaxChecks+1)
	for i := range many {
		many[i] = Check{Name: "c", SHA256: Sum(nil)}
	}
	for _, c := range []struct {
		name, want string
		checks     []Check
	}{
		{"another module", "pin the module", []Check{{Name: "c", SHA256: Sum([]byte("other")), Module: []byte("x")}}},
		{"no pin", "pin the module", []Check{{Name: "c"}}},
		{"no name", "needs a name", []Check{{SHA256: Sum(nil)}}},
		{"NUL", "NUL", []Check{{Name: "c", SHA256: Sum(nil), Args: []string{"a\x00b"}}}},
		{"too many", "at most 8", many},
		{"too large", "split it", []Check{{Name: "c", SHA256: Sum(make([]byte, MaxBytes+1)), Module: make([]byte, MaxBytes+1)}}},
	} {
		candidate := Single("site", "a", []byte("x"))
		candidate.Checks = c.checks
		if err := candidate.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
	missing := fstest.MapFS{"a": {}, ManifestName: {Data: []byte("[[check]]\nfile = \"../c.wasm\"\nsha256 = \"x\"\n")}}
	if _, err := Read(missing); err == nil {
		t.Error("a check outside the folder: got nil, want an error")
	}
}
