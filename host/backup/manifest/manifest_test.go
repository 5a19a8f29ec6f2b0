package manifest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/backup/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func FuzzDecode(f *testing.F) {
	m := &Manifest{Info: Info{ID: "b"}, Entries: []tree.Entry{{Path: "a", Kind: tree.Absent}}}
	good, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err == nil && string(data) == string(good) && (len(got.Entries) != 1 || got.Info.ID != "b") {
			t.Errorf("got %+v, want what was encoded", got)
		}
	})
}
