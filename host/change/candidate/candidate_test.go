package candidate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/txn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const zeroSum = "0000000000000000000000000000000000000000000000000000000000000000"

const fullManifest = `
root = "shop"
reason = "more workers"
delete = ["old.conf"]
folder = ["spool"]
[mode]
"bin/run" = "0700"
"kept.conf" = "0640"
[symlink]
current = "releases/2"
[base]
"shop.toml" = "` + zeroSum + `"
"old.conf" = "absent"
`

func TestFolderBecomesEdits(t *testing.T) {
	got, err := candidate.Read(fstest.MapFS{
		"change.toml": {Data: []byte(fullManifest)},
		"shop.toml":   {Data: []byte("workers = 8\n"), Mode: 0o644},
		"bin/run":     {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		"bin/other":   {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		"fix.diff":    {Data: []byte("--- a/x\n")},
		"empty":       {Mode: os.ModeDir | 0o755},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]candidate.Edit{
		"old.conf":  {Kind: txn.Delete, Path: "old.conf", Base: "absent"},
		"spool":     {Kind: txn.Folder, Path: "spool"},
		"current":   {Kind: txn.Link, Path: "current", Target: "releases/2"},
		"kept.conf": {Kind: txn.Mode, Path: "kept.conf", Mode: "0640"},
		"shop.toml": {Kind: txn.Write, Path: "shop.toml", Content: []byte("workers = 8\n"), Base: zeroSum},
		"bin/run":   {Kind: txn.Write, Path: "bin/run", Content: []byte("#!/bin/sh\n"), Mode: "0700"},
		"bin/other": {Kind: txn.Write, Path: "bin/other", Content: []byte("#!/bin/sh\n"), Mode: "0755"},
		"empty":     {Kind: txn.Folder, Path: "empty"},
	}
	if got.Root != "shop" || got.Reason != "more workers" || len(got.Diffs) != 1 || len(got.Edits) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for _, e := range got.Edits {
		if !reflect.DeepEqual(e, want[e.Path]) {
			t.Errorf("%s: got %+v, want %+v", e.Path, e, want[e.Path])
		}
	}
}

func TestWrongShapesAreRefusedWithASentence(t *testing.T) {
	for name, c := range map[string]struct{ json, says string }{
		"nothing to do":        {`{}`, "empty"},
		"a path outside":       {`{"edits":[{"path":"../x","content":""}]}`, "relative"},
		"an absolute path":     {`{"edits":[{"path":"/etc/passwd","content":""}]}`, "relative"},
		"a NUL":                {`{"edits":[{"path":"a\u0000b","content":""}]}`, "relative"},
		"an unknown field":     {`{"edits":[{"path":"a","contents":"x"}]}`, "unknown field"},
		"an unknown top field": {`{"edit":[]}`, "unknown field"},
		"an unknown kind":      {`{"edits":[{"path":"a","kind":"chown"}]}`, "kind"},
		"a wrong base":         {`{"edits":[{"path":"a","base":"abc"}]}`, "base"},
		"a wrong mode":         {`{"edits":[{"path":"a","mode":"rwx"}]}`, "mode"},
		"a link to nothing":    {`{"edits":[{"path":"a","kind":"symlink"}]}`, "target"},
		"two contents":         {`{"edits":[{"path":"a","content":"x","content_base64":"eA=="}]}`, "not both"},
		"no Base64":            {`{"edits":[{"path":"a","content_base64":"%"}]}`, "content_base64"},
		"a mode of nothing":    {`{"edits":[{"path":"a","kind":"mode"}]}`, "needs a mode"},
		"content of a folder":  {`{"edits":[{"path":"a","kind":"folder","content":"x"}]}`, "only a written file"},
	} {
		if _, err := candidate.Parse([]byte(c.json)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.says)
		}
	}
}

func TestWrongFoldersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		folder fstest.MapFS
		says   string
	}{
		"unknown key":            {fstest.MapFS{"change.toml": {Data: []byte("delte = []\n")}}, "unknown key"},
		"no TOML":                {fstest.MapFS{"change.toml": {Data: []byte("[")}}, "change.toml"},
		"written and deleted":    {fstest.MapFS{"a": {}, "change.toml": {Data: []byte(`delete = ["a"]`)}}, "keep one of them"},
		"the base of no file":    {fstest.MapFS{"a": {}, "change.toml": {Data: []byte("[base]\nb = \"absent\"\n")}}, "kind"},
		"a socket in the folder": {fstest.MapFS{"s": {Mode: os.ModeSocket}}, "neither a file"},
		"nothing":                {fstest.MapFS{}, "empty"},
	} {
		if _, err := candidate.Read(c.folder); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.says)
		}
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	big := candidate.Single("r", "a", make([]byte, candidate.MaxBytes+1))
	if err := big.Check(); err == nil || !strings.Contains(err.Error(), "split it") {
		t.Errorf("a file of MaxBytes+1: got %v, want a refusal", err)
	}
	many := candidate.Candidate{Edits: make([]candidate.Edit, candidate.MaxEdits+1)}
	if err := many.Check(); err == nil {
		t.Error("MaxEdits+1 edits: got no error")
	}
}

func TestJSONKeepsEveryByte(t *testing.T) {
	want := candidate.Candidate{Root: "r", Edits: []candidate.Edit{
		{Kind: txn.Write, Path: "text", Content: []byte("ä\n")},
		{Kind: txn.Write, Path: "bytes", Content: []byte{0xff, 0, 1}},
		{Kind: txn.Link, Path: "l", Target: "text"},
	}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := candidate.Parse(data)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestKeyIsOfWhatIsAskedForAlone(t *testing.T) {
	a := candidate.Candidate{Root: "r", Author: "x", Reason: "y", Edits: []candidate.Edit{{Path: "a"}, {Path: "b", Base: "absent"}}}
	b := candidate.Candidate{Root: "r", Edits: []candidate.Edit{{Path: "b"}, {Path: "a"}}}
	if a.Key() != b.Key() {
		t.Error("author, reason, base and order change the key")
	}
	b.Edits[0].Content = []byte("x")
	if a.Key() == b.Key() {
		t.Error("another content has the same key")
	}
	if a.Edits[1].Base != "absent" {
		t.Error("Key changed the candidate")
	}
}

// fill writes files below dir.
func fill(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

func TestResolveTakesThePresentFilesAsBase(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"a": "old\n", "gone/b": "b\n"})
	c := candidate.Candidate{Edits: []candidate.Edit{
		{Path: "a", Content: []byte("new\n")},
		{Path: "fresh/c", Content: []byte("c\n"), Mode: "0600"},
		{Kind: txn.Delete, Path: "gone/b"},
	}}
	r, err := c.Resolve(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Ops[0].Base.Sum; got != candidate.Sum([]byte("old\n")) {
		t.Errorf("base of a: got %s", got)
	}
	if !r.Ops[1].Base.Absent || *r.Ops[1].Mode != 0o600 {
		t.Errorf("fresh/c: got %+v", r.Ops[1])
	}
	if got := r.Changes[2]; got.Before.Kind != candidate.File || got.After.Kind != candidate.Absent {
		t.Errorf("gone/b: got %+v", got)
	}
	for _, want := range []string{"-old", "+new", "fresh/c: absent becomes file", "gone/b: file becomes absent"} {
		if !strings.Contains(r.Diff(), want) {
			t.Errorf("the diff has no %q:\n%s", want, r.Diff())
		}
	}
}

func TestContextFollowsTheFiles(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, map[string]string{"a": "old\n"})
	c := candidate.Single("", "a", []byte("new\n"))
	before, _ := c.Resolve(dir)
	again, _ := c.Resolve(dir)
	fill(t, dir, map[string]string{"a": "other\n"})
	after, _ := c.Resolve(dir)
	if before.Context != again.Context || before.Context == after.Context {
		t.Errorf("contexts: %s, again %s, after an edit %s", before.Context, again.Context, after.Context)
	}
}

func TestDeletingNothingIsAnError(t *testing.T) {
	c := candidate.Candidate{Edits: []candidate.Edit{{Kind: txn.Delete, Path: "no"}}}
	if _, err := c.Resolve(t.TempDir()); err == nil {
		t.Error("got no error")
	}
}
