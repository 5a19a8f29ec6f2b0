package tree

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUnchangedNeedsEveryStampToAgreeAndToBeOld(t *testing.T) {
	read := time.Unix(1000, 0)
	old := read.Add(-time.Minute).UnixNano()
	base := Entry{Path: "a", Kind: File, MTime: old, CTime: old, Inode: 7, Size: 3, Links: 1}
	for name, c := range map[string]struct {
		change func(was, is *Entry)
		want   bool
	}{
		"nothing differs":     {func(_, _ *Entry) {}, true},
		"size":                {func(_, is *Entry) { is.Size++ }, false},
		"mtime":               {func(_, is *Entry) { is.MTime++ }, false},
		"ctime":               {func(_, is *Entry) { is.CTime++ }, false},
		"inode":               {func(_, is *Entry) { is.Inode++ }, false},
		"kind":                {func(_, is *Entry) { is.Kind = Folder }, false},
		"links":               {func(_, is *Entry) { is.Links++ }, false},
		"second name":         {func(_, is *Entry) { is.HardLink = "b" }, false},
		"fresh mtime in both": {func(was, is *Entry) { was.MTime = read.UnixNano(); is.MTime = was.MTime }, false},
		"fresh ctime in both": {func(was, is *Entry) { was.CTime = read.Add(-freshness + 1).UnixNano(); is.CTime = was.CTime }, false},
		"ctime just old":      {func(was, is *Entry) { was.CTime = read.Add(-freshness).UnixNano(); is.CTime = was.CTime }, true},
	} {
		was, is := base, base
		c.change(&was, &is)
		if got := Unchanged(&was, &is, read); got != c.want {
			t.Errorf("%s: got unchanged %t, want %t", name, got, c.want)
		}
	}
}
