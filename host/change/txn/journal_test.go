package txn

import (
	"strings"
	"testing"

	"github.com/homeostat/homeostat/host/change/txn/object"
	"github.com/homeostat/homeostat/host/change/txn/step"
)

func FuzzDecodeJournal(f *testing.F) {
	j := &journal{ID: "mod_1", Root: "/srv", Steps: []step.Step{{Act: step.Create, Path: "a", Slot: "0", Before: object.State{Kind: object.Absent}}}}
	good, err := j.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(good), string(good[:len(good)-1]), "", "\n", "{}\n", strings.ToUpper(string(good))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeJournal(data)
		if err != nil {
			return
		}
		again, err := got.encode()
		if err != nil {
			t.Fatal(err)
		}
		if string(data) == string(good) && string(again) != string(good) {
			t.Errorf("got %s, want %s", again, good)
		}
	})
}
