package backup

import (
	"testing"
	"time"
)

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
		if got := unchanged(&was, &is, read); got != c.want {
			t.Errorf("%s: got unchanged %t, want %t", name, got, c.want)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	m := &Manifest{Info: Info{ID: "b"}, Entries: []Entry{{Path: "a", Kind: Absent}}}
	good, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(manifestMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeManifest(data)
		if err == nil && string(data) == string(good) && (len(got.Entries) != 1 || got.Info.ID != "b") {
			t.Errorf("got %+v, want what was encoded", got)
		}
	})
}
